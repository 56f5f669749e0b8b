// StreamPlan: the RTP stream of one leg before any network touches it: when each packet is due and what its header
// says.
//
// Everything is a function of the packet's number, so that nobody has to keep what was sent. Sequence number and
// timestamp begin anywhere and wrap. Silence suppression steps the timestamp and sets the marker where talk begins
// (RFC 3551 section 4.1); a change of source begins all three numbers anew; a burst holds packets back and sends the
// group when its last one is due. Pure; any thread.
#pragma once

#include <cstdint>

#include "bench/load/numbers.h"
#include "codecs/codec.h"
#include "codecs/rtp.h"

namespace assent::load {

inline constexpr std::uint32_t kClockRate = 8000;  // of G.711: a byte a tick

struct StreamShape {
  CodecName codec = CodecName::pcmu;
  milliseconds packet_time{20};
  milliseconds talk{0};  // with `silence`: talk, then nothing, again and again; 0: always talk
  milliseconds silence{0};
  seconds source_change{0};  // how often the SSRC changes; 0: never
  std::uint32_t burst = 1;   // packets sent together

  std::uint8_t payload_type() const { return codec == CodecName::pcma ? 8 : 0; }  // RFC 3551 table 4
  std::size_t payload_bytes() const { return static_cast<std::size_t>(packet_time.count()) * (kClockRate / 1000); }
};

class StreamPlan {
 public:
  StreamPlan(const StreamShape& shape, Seed seed, LegNumber leg);

  milliseconds due(PacketNumber packet) const;         // after the stream's beginning; never falls with the number
  milliseconds media_time(PacketNumber packet) const;  // of its first sample, by its timestamp
  std::int64_t source(PacketNumber packet) const;      // counts the changes of the SSRC before it
  RtpHeader header(PacketNumber packet) const;

 private:
  StreamShape shape_;
  std::uint64_t key_;
  std::uint32_t talk_packets_;  // 0: no silence
};

}  // namespace assent::load
