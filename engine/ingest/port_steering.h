// PortSteering: a program in the kernel that sends what comes to many UDP ports to one socket a shard (BPF sk_lookup,
// Linux 5.9), so that a leg's ports cost no socket and no file descriptor.
//
// Owns the shards' sockets, the program, its two maps and the link that attaches it to this network namespace. Nothing
// is pinned, so all of it is gone when the process is, however it ends. The kernel runs the program where it would look
// for a socket that listens:
//
//      a datagram for us -> UDP? -> our address? -> port table [port] -> 0: not ours, the kernel goes on as ever
//                                                                     -> n: the socket of shard n - 1
//
// The port table is memory that the kernel and this process share, a byte a port: steering a port is one store, which
// no privilege is needed for. Only `create` needs any (CAP_NET_ADMIN and CAP_BPF); they can be given up after it.
//
// It does not know whether another program holds a port: who steers one has checked (port_lookup.h). What other
// programs of the same kind have chosen before it, it leaves alone.
//
// create: one thread. steer, release: any thread, each port from one only (a port belongs to one shard's range).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/strong.h"
#include "engine/ingest/udp_socket.h"

namespace assent {

using SteeredShard = Strong<std::uint8_t, struct SteeredShardTag>;  // from 0

class PortSteering {
 public:
  struct Settings {
    Endpoint address;              // datagrams to it are steered; "0.0.0.0" and "::" are every address, "::" IPv4 too
    std::size_t shards = 1;        // at most limits::kSteeredSockets
    std::size_t buffer_bytes = 0;  // of each shard's socket, as the kernel counts it
  };
  // Errc::denied without the capabilities, Errc::unsupported where the kernel has no such programs, Errc::invalid when
  // the address is not one of this machine, Errc::io when the system refuses otherwise.
  static Result<std::unique_ptr<PortSteering>> create(const Settings& settings);
  ~PortSteering();
  PortSteering(const PortSteering&) = delete;
  PortSteering& operator=(const PortSteering&) = delete;

  void steer(std::uint16_t port, SteeredShard to);
  void release(std::uint16_t port);

  const Endpoint& address() const { return address_; }
  const UdpSocket& socket(SteeredShard shard) const { return sockets_.at(shard.value); }
  std::size_t buffer_bytes() const { return buffer_bytes_; }  // what each socket was granted

 private:
  struct Kernel;  // the kernel's objects that are ours
  PortSteering(const Endpoint& address, std::vector<UdpSocket> sockets, std::size_t buffer_bytes);
  Result<void> attach();
  Result<void> load_program();

  Endpoint address_;
  std::vector<UdpSocket> sockets_;
  std::size_t buffer_bytes_;
  std::unique_ptr<Kernel> kernel_;
};

}  // namespace assent
