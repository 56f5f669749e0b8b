// SteeredSource: datagrams of all of a shard's ports from one socket, to which the kernel steers them
// (port_steering.h).
//
// Owns the shard's ports and a batch of blocks that wait for the next datagrams (receive_batch.h); borrows the socket.
// A datagram's leg is found by the port that it was sent to, which the kernel tells beside it: a flat table, no search.
// A sweep takes batch after batch until the socket is empty, or limits::kSteeredSweepDatagrams were taken, so that a
// flood cannot hold the shard; there is no system call per leg and none per datagram. UDP_GRO stays off: it joins
// datagrams that follow one another on one flow, and a leg sends one in 20 ms (measured: no difference).
//
// A port is taken only when no other program has it, bound or steered (port_lookup.h). It is not held, though: a
// program that binds it while a leg has it hears nothing before the leg ends. Ports of a leg that closed are free again
// once the socket has been empty, so that no late datagram reaches another leg. The shard's thread alone calls it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/ingest/datagram_source.h"
#include "engine/ingest/port_lookup.h"
#include "engine/ingest/port_range.h"
#include "engine/ingest/port_steering.h"
#include "engine/ingest/receive_batch.h"

namespace assent {

class SteeredSource final : public DatagramSource {
 public:
  // Only one source may take a shard's socket, and no two sources may have a port in common.
  SteeredSource(PortSteering& steering, SteeredShard shard, PortRange ports, BlockPool& pool);
  ~SteeredSource() override;  // nothing is steered any more
  SteeredSource(const SteeredSource&) = delete;
  SteeredSource& operator=(const SteeredSource&) = delete;

  Result<LegPorts> open(LegSlot leg, RtcpPort rtcp) override;
  Result<void> reopen(LegSlot leg, LegPorts ports) override;
  void close(LegSlot leg) override;
  void sweep(DatagramSink& sink) override;
  Result<void> send(LegSlot leg, const Endpoint& to, ByteView datagram) override;
  SourceCounts counts() override;

 private:
  // Whose datagrams come to a port.
  struct Owner {
    LegSlot leg;
    DatagramPort port = DatagramPort::rtp;
    bool open = false;
  };
  struct OpenLeg {
    PortPair pair;
    RtcpPort rtcp = RtcpPort::next;
  };

  Result<void> check_free(std::uint16_t port) const;
  Result<void> check_free(PortPair pair, RtcpPort rtcp) const;
  void open_pair(PortPair pair, LegSlot leg, RtcpPort rtcp);
  void open_port(std::uint16_t port, LegSlot leg, DatagramPort kind);
  void close_port(std::uint16_t port);
  void free_left_ports(std::size_t left);
  void deliver(std::size_t received, DatagramSink& sink);
  void discard(std::size_t received, DatagramSink& sink);

  PortSteering& steering_;
  SteeredShard shard_;
  const UdpSocket& socket_;
  PortRange ports_;
  BlockPool& pool_;
  PortLookup lookup_;
  std::unordered_map<LegSlot, OpenLeg> legs_;
  std::vector<Owner> owners_;   // by port
  std::vector<PortPair> left_;  // of legs that closed since the socket was last empty, in order
  ReceiveBatch batch_{ReceiveBatch::Destinations::told};
  SourceCounts counts_;
  std::uint32_t kernel_drops_ = 0;  // as last read
};

}  // namespace assent
