// UdpSource: datagrams from one UDP socket a port, IPv4 or IPv6, the way that needs no privileges.
//
// Owns the sockets, one epoll set, and up to limits::kReceiveBatch blocks that wait for the next datagrams. A sweep
// asks epoll which sockets have something (without waiting) and takes one batch from each straight into blocks; what is
// more than a batch waits in the kernel for the next sweep, so no flood on one port holds up the others. Without blocks
// the datagrams are discarded inside the kernel: audio is never copied to memory that is not the arena's; a pool must
// hold more blocks than one batch. The shard's thread alone calls it.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/endpoint.h"
#include "engine/ingest/datagram_source.h"
#include "engine/ingest/port_range.h"

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
  void close(LegSlot leg) override;
  void sweep(DatagramSink& sink) override;
  const SourceCounts& counts() const override { return counts_; }

 private:
  struct Batch;  // what recvmmsg needs: message heads, places for blocks and source addresses

  struct Socket {
    int fd = -1;
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
  Result<int> bind_socket(std::uint16_t port) const;
  Result<std::uint32_t> add_socket(std::uint16_t port, LegSlot leg, DatagramPort kind);
  void remove_socket(std::uint32_t place);
  Result<OpenLeg> open_pair(PortPair pair, LegSlot leg, RtcpPort rtcp);
  void receive(std::uint32_t place, std::uint32_t generation, DatagramSink& sink);
  void deliver(std::size_t received, std::uint32_t place, std::uint32_t generation, DatagramSink& sink);
  void discard(std::uint32_t place, std::uint32_t generation, DatagramSink& sink);

  Endpoint address_;
  PortRange ports_;
  BlockPool& pool_;
  int epoll_fd_;
  std::vector<Socket> sockets_;
  std::vector<std::uint32_t> free_places_;
  std::vector<epoll_event> events_;  // as many as there are places: one call reports each ready socket once
  std::unordered_map<LegSlot, OpenLeg> legs_;
  std::unique_ptr<Batch> batch_;
  SourceCounts counts_;
};

}  // namespace assent
