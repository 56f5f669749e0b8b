// UdpSource: datagrams from one UDP socket a port, IPv4 or IPv6, the way that needs no privileges.
//
// Owns the sockets, one epoll set, and a batch of blocks that wait for the next datagrams (receive_batch.h). A sweep
// asks epoll which sockets have something (without waiting) and takes one batch from each; what is more than a batch
// waits in the kernel for the next sweep, so no flood on one port holds up the others. A port that another socket has,
// or to which a program of the kernel steers another socket's datagrams, is passed over. A pool must hold more blocks
// than one batch. The shard's thread alone calls it.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/endpoint.h"
#include "engine/ingest/datagram_source.h"
#include "engine/ingest/port_lookup.h"
#include "engine/ingest/port_range.h"
#include "engine/ingest/receive_batch.h"
#include "engine/ingest/udp_socket.h"

namespace assent {

class UdpSource final : public DatagramSource {
 public:
  // `address` is where to listen; its port is not used. "::" listens on IPv4, too. Errc::io when the system refuses
  // epoll; Errc::invalid when the address is not one of this machine.
  static Result<std::unique_ptr<UdpSource>> create(const Endpoint& address, PortRange ports, BlockPool& pool);
  ~UdpSource() override;
  UdpSource(const UdpSource&) = delete;
  UdpSource& operator=(const UdpSource&) = delete;

  Result<LegPorts> open(LegSlot leg, RtcpPort rtcp) override;
  Result<void> reopen(LegSlot leg, LegPorts ports) override;
  void close(LegSlot leg) override;
  void sweep(DatagramSink& sink) override;
  Result<void> send(LegSlot leg, const Endpoint& to, ByteView datagram) override;
  SourceCounts counts() override;

 private:
  struct Socket {
    std::optional<UdpSocket> udp;
    std::uint32_t generation = 0;  // counts the openings of this place, so that a stale event is recognised
    LegSlot leg;
    DatagramPort port = DatagramPort::rtp;
  };
  struct OpenLeg {
    PortPair pair;
    std::uint32_t rtp_place = 0;
    std::uint32_t rtcp_place = 0;  // the same as rtp_place when muxed
  };

  UdpSource(const Endpoint& address, PortRange ports, BlockPool& pool, int epoll_fd);
  Result<UdpSocket> bind_socket(std::uint16_t port) const;
  Result<std::uint32_t> add_socket(std::uint16_t port, LegSlot leg, DatagramPort kind);
  void remove_socket(std::uint32_t place);
  Result<OpenLeg> open_pair(PortPair pair, LegSlot leg, RtcpPort rtcp);
  void receive(std::uint32_t place, std::uint32_t generation, DatagramSink& sink);
  void deliver(std::size_t received, std::uint32_t place, std::uint32_t generation, DatagramSink& sink);
  void discard(std::size_t received, std::uint32_t place, std::uint32_t generation, DatagramSink& sink);

  Endpoint address_;
  PortRange ports_;
  BlockPool& pool_;
  int epoll_fd_;
  std::vector<Socket> sockets_;
  std::vector<std::uint32_t> free_places_;
  std::vector<epoll_event> events_;  // as many as there are places: one call reports each ready socket once
  std::unordered_map<LegSlot, OpenLeg> legs_;
  PortLookup lookup_;
  ReceiveBatch batch_{ReceiveBatch::Destinations::unasked};
  SourceCounts counts_;
};

}  // namespace assent
