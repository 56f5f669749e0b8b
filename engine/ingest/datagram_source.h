// DatagramSource: where a shard's datagrams come from, whatever brings them: a socket a leg, one steered socket,
// AF_XDP.
//
// Owns the ports and the blocks being received into; the only maker of Datagrams. Decides which leg a datagram belongs
// to (by the port it came to) and nothing about its content. The shard's thread alone calls it; `sweep` takes what has
// arrived, in batches, and returns: it never waits and never allocates.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "base/strong.h"
#include "engine/ingest/port_range.h"
#include "engine/stages.h"

namespace assent {

using LegSlot = Strong<std::uint32_t, struct LegSlotTag>;  // place of a leg in its shard

enum class DatagramPort : std::uint8_t {
  rtp,   // where RTP is expected, and RTCP with it when both are muxed (RFC 5761)
  rtcp,  // the port above
};

enum class DatagramDrop : std::uint8_t {
  truncated,  // larger than a block
  no_block,   // the block pool was empty: discarded, so that what comes later is not stale
};

class DatagramSink {
 public:
  virtual void on_datagram(LegSlot leg, DatagramPort port, Datagram&& datagram) = 0;
  // Datagrams of these legs will be delivered soon, after those of the legs told before; or nothing is told at all.
  virtual void on_upcoming(std::span<const LegSlot>) {}
  virtual void on_dropped(LegSlot leg, DatagramPort port, DatagramDrop why) = 0;

 protected:
  ~DatagramSink() = default;
};

enum class RtcpPort : std::uint8_t {
  next,   // the port above the RTP port (RFC 3550 section 11)
  muxed,  // the RTP port itself
};

struct LegPorts {
  std::uint16_t rtp = 0;
  std::uint16_t rtcp = 0;  // the same as `rtp` when muxed
};

struct SourceCounts {
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;
  std::uint64_t truncated = 0;
  std::uint64_t no_block = 0;
  std::uint64_t no_leg = 0;          // came to a port that no leg has (any more)
  std::uint64_t kernel_drops = 0;    // never reached us: no room in the socket's buffer, or a wrong checksum
  std::uint64_t receive_errors = 0;  // an ICMP error reported on the socket, or worse; receiving goes on
};

class DatagramSource {
 public:
  virtual ~DatagramSource() = default;

  // Ports for a leg, open from now on. Errc::exhausted when no pair is free, Errc::io when the system refuses.
  virtual Result<LegPorts> open(LegSlot leg, RtcpPort rtcp) = 0;
  // The ports that the leg had before a restart. Errc::conflict: another has them, or they are not of our range.
  virtual Result<void> reopen(LegSlot leg, LegPorts ports) = 0;
  // Nothing more is delivered to the leg, also when called from within a sweep. Closing what is not open does nothing.
  virtual void close(LegSlot leg) = 0;
  virtual void sweep(DatagramSink& sink) = 0;
  // From the leg's RTP port. Of a handshake alone, whose ends send again what gets lost: media is never sent. It does
  // not wait; Errc::io when the system refuses.
  virtual Result<void> send(LegSlot leg, const Endpoint& to, ByteView datagram) = 0;
  virtual SourceCounts counts() = 0;  // asks the kernel for its drops, a call a socket

 protected:
  static RtcpPort rtcp_of(LegPorts ports) { return ports.rtcp == ports.rtp ? RtcpPort::muxed : RtcpPort::next; }
  static Error not_to_be_had(LegPorts ports) {
    return error(Errc::conflict,
                 "the port " + std::to_string(ports.rtp) + " is in use, or no longer in the range of RTP ports");
  }
  static LegPorts ports_of(PortPair pair, RtcpPort rtcp) {
    return {pair.even, rtcp == RtcpPort::muxed ? pair.even : pair.odd()};
  }

  // Called before each of `count` datagrams is delivered, in turn: tells the sink of the turn that comes two after the
  // one that begins, and with the first of the two before it, too. `leg_at` gives the leg of a datagram, or nothing.
  template <typename LegAt>
  static void announce(std::size_t next, std::size_t count, DatagramSink& sink, LegAt&& leg_at) {
    constexpr std::size_t kTurn = limits::kUpcomingTurn;
    if (next % kTurn != 0) return;
    const std::size_t end = std::min(count, next + 3 * kTurn);
    for (std::size_t turn = next == 0 ? 0 : next + 2 * kTurn; turn < end; turn += kTurn) {
      std::array<LegSlot, kTurn> legs;
      std::size_t known = 0;
      for (std::size_t i = turn; i < std::min(end, turn + kTurn); ++i) {
        if (const std::optional<LegSlot> leg = leg_at(i)) legs[known++] = *leg;
      }
      sink.on_upcoming(std::span(legs).first(known));
    }
  }

  // The block was received into: its first `bytes` bytes are the datagram, the rest was not touched. It is wiped over
  // these bytes only when it returns to the pool.
  static Datagram make_datagram(BlockRef block, std::uint16_t bytes, const Endpoint& from) {
    block->head.fill_bytes = bytes;
    block->head.kind = BlockKind::datagram;
    return Datagram(std::move(block), from);
  }
};

}  // namespace assent
