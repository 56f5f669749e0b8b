// ExpectedStream: how a leg's stream goes on when nothing happens: the very next packet, and how those after it follow.
// Said by LegReceiver::foresee, used by engine/shard/expected_packet.h. All of its packets have the plain 12-byte
// header (RFC 3550 section 5.1) without a marker. A value; the shard's thread.
#pragma once

#include <cstdint>

#include "base/endpoint.h"
#include "base/time.h"
#include "codecs/rtp.h"

namespace assent {

struct ExpectedStream {
  std::uint8_t payload_type = 0;
  SequenceNumber sequence;
  RtpTimestamp timestamp;
  Ssrc ssrc;
  Endpoint source;
  std::uint16_t payload_bytes = 0;
  std::uint16_t ticks = 0;   // that each packet lasts
  milliseconds duration{0};  // the same
  WallTime at;               // of the next packet's first sample
  MonoTime due;              // when it comes by its timestamp; each later one by `duration` after the one before
  nanoseconds late{0};       // how much later than by its timestamp the packet before it came
  std::uint32_t jitter_ns = 0;
};

// Packets of the stream that have come since, one size all.
struct PassedPackets {
  std::uint16_t packets = 0;
  std::uint16_t payload_bytes = 0;  // of each ...
  std::uint16_t ticks = 0;
  milliseconds duration{0};
  MonoTime last;                // when the latest came
  std::uint32_t jitter_ns = 0;  // then (codecs/interarrival_jitter.h)
};

}  // namespace assent
