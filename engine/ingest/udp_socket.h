// UdpSocket: owns one bound, non-blocking UDP socket, IPv4 or IPv6.
//
// Decides nothing. One thread at a time. Sizes of buffers are as the kernel counts them: what a datagram takes with the
// kernel's bookkeeping, not its bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"

namespace assent {

class UdpSocket {
 public:
  // Port 0: any free one. "::" hears IPv4, too. Errc::conflict when another socket has the port, Errc::io when the
  // system refuses otherwise (an address that is not this machine's, no file descriptor left).
  static Result<UdpSocket> bind(const Endpoint& local);

  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  ~UdpSocket();

  int fd() const { return fd_; }
  Endpoint local() const;

  // Asks for a receive buffer; what was granted, which is less where net.core.rmem_max is and CAP_NET_ADMIN is missing.
  std::size_t ask_buffer(std::size_t bytes) const;
  // Each datagram tells the address and port that it was sent to (udp(7), IP_RECVORIGDSTADDR).
  Result<void> tell_destinations() const;
  // Errc::io when the system refuses, or there is no room for it now.
  Result<void> send(const Endpoint& to, ByteView datagram) const;
  // Datagrams that the kernel dropped here since the socket was made: no room in the buffer, or a wrong checksum.
  // Wraps.
  std::uint32_t kernel_drops() const;

 private:
  explicit UdpSocket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace assent
