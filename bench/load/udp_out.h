// UdpOut: sends datagrams to many destinations from a few sockets, in batches (sendmmsg(2)).
//
// Owns the sockets and the batches' memory. A leg is always sent from the same socket, because a receiver may keep to
// the first source it hears. `put` sends when a batch is full, `flush` what is left. One thread.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "bench/load/numbers.h"

namespace assent::load {

class UdpOut {
 public:
  // Errc::io when the system refuses a socket.
  static Result<UdpOut> create(std::size_t datagram_bytes);
  UdpOut(UdpOut&& other) noexcept;
  UdpOut& operator=(UdpOut&&) = delete;
  ~UdpOut();

  void add(LegNumber leg, const Endpoint& to);  // in the order of the legs' numbers
  // Where to write the leg's next datagram; it leaves with the batch.
  ByteSpan put(LegNumber leg);
  void flush();

  std::uint64_t sent() const { return sent_; }
  std::uint64_t refused() const { return refused_; }  // by the system

 private:
  static constexpr std::size_t kSockets = 4;      // of each family
  static constexpr std::size_t kLegsInARow = 64;  // share a socket
  static constexpr std::size_t kBatch = 256;

  struct Batch {
    int fd = -1;
    std::size_t count = 0;
    Bytes memory;
    std::vector<iovec> parts;
    std::vector<mmsghdr> messages;
  };
  struct Destination {
    sockaddr_storage address;
    socklen_t size;
    std::size_t batch;
  };

  explicit UdpOut(std::size_t datagram_bytes) : datagram_bytes_(datagram_bytes) {}
  void send(Batch& batch);

  std::size_t datagram_bytes_;
  std::vector<Batch> batches_;             // IPv4, then IPv6
  std::vector<Destination> destinations_;  // by leg
  std::uint64_t sent_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace assent::load
