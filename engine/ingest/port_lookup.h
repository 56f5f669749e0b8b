// PortLookup: sockets on ports that nobody else has: whether datagrams to a bound socket's address really reach it.
//
// Binding alone does not tell: a program of the kernel (BPF sk_lookup, as ours in port_steering.h) may send what comes
// to a port to another socket. So the kernel is asked to look up, without sending anything, which socket a datagram
// would reach (sock_diag(7), one socket of UDP). It sees bound sockets and programs of every process in this network
// namespace, another engine's too, and needs no privilege. Where the kernel cannot answer (no udp_diag, or a sandbox
// without netlink), every socket passes. Owns one netlink socket; one thread; a lookup takes some microseconds.
#pragma once

#include "base/endpoint.h"
#include "engine/ingest/udp_socket.h"

namespace assent {

class PortLookup {
 public:
  PortLookup();
  ~PortLookup();
  PortLookup(const PortLookup&) = delete;
  PortLookup& operator=(const PortLookup&) = delete;

  // A bound socket that datagrams to its address reach. Errc::conflict when another program has the port; otherwise as
  // UdpSocket::bind.
  Result<UdpSocket> bind(const Endpoint& local) const;

  // A socket on an unspecified address is asked about by its loopback addresses.
  bool leads_to(const UdpSocket& socket) const;

 private:
  int netlink_fd_ = -1;  // -1: the kernel cannot answer
};

}  // namespace assent
