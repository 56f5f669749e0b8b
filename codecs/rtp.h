// RTP: the packet header (RFC 3550 section 5.1), and how RTP is told from RTCP on one port (RFC 5761 section 4).
//
// Owns nothing and decides one thing: whether these bytes are an RTP packet, and where its payload lies. Contributing
// sources are skipped, so is the header extension (RFC 3550 section 5.3.1, RFC 8285), padding is checked and taken off.
// Whether the payload type, source or timestamp is plausible is the receiver's concern. Any thread; never throws.
//
//      0                   1                   2                   3
//     +---+-+-+-------+-+-------------+-------------------------------+
//     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//     +---+-+-+-------+-+-------------+-------------------------------+
//     |                           timestamp                           |
//     +---------------------------------------------------------------+
//     |                             SSRC                              |
//     +---------------------------------------------------------------+
//     |                      CSRC, CC times                           |
//     +-------------------------------+-------------------------------+
//     |     extension profile         |    words that follow          |  with X
//     +-------------------------------+-------------------------------+
//     |  extension, payload, padding (with P; its last byte counts it) |
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"

namespace assent {

using SequenceNumber = Strong<std::uint16_t, struct SequenceNumberTag>;  // wraps
using RtpTimestamp = Strong<std::uint32_t, struct RtpTimestampTag>;      // ticks of the payload's clock; wraps
using Ssrc = Strong<std::uint32_t, struct SsrcTag>;

inline constexpr std::size_t kRtpHeaderBytes = 12;
inline constexpr std::size_t kRtpBytesMax = 65535;  // of a UDP datagram

struct RtpHeader {
  std::uint8_t payload_type = 0;  // 7 bits
  bool marker = false;
  SequenceNumber sequence;
  RtpTimestamp timestamp;
  Ssrc ssrc;
  std::uint16_t payload_offset = kRtpHeaderBytes;  // bytes from the packet's start
  std::uint16_t payload_size = 0;                  // bytes, without padding; may be 0

  constexpr bool operator==(const RtpHeader&) const = default;
};

// Why bytes are not an RTP packet.
enum class RtpFlaw : std::uint8_t {
  none,
  too_short,  // fewer than the 12 bytes of a header
  too_long,   // more than a datagram holds
  version,    // not version 2
  csrc,       // the contributing sources go past the end
  extension,  // the header extension goes past the end
  padding,    // the padding count is 0 or more than there is
};
inline constexpr std::size_t kRtpFlaws = 7;
std::string_view name_of(RtpFlaw flaw);

// Reads the header into `header`, which is unchanged unless the answer is RtpFlaw::none.
RtpFlaw read_rtp(ByteView packet, RtpHeader& header);
std::optional<RtpHeader> parse_rtp(ByteView packet);

// RTP and RTCP on one port: the second byte of RTCP is its packet type, 192 to 223, which RTP leaves free (RFC 5761
// section 4: payload types 64 to 95 are not used).
inline bool is_rtcp(ByteView packet) { return packet.size() >= 2 && packet[1] >= 192 && packet[1] <= 223; }

// Writes a header without contributing sources, extension or padding, then the payload; the header's payload fields are
// not read. The bytes written, or 0 when `out` has no room for them.
std::size_t write_rtp(const RtpHeader& header, ByteView payload, ByteSpan out);

// How far `to` lies after `from`, negative when before; right while they are less than half the circle apart.
constexpr std::int16_t distance(SequenceNumber from, SequenceNumber to) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(to.value - from.value));
}
constexpr std::int32_t distance(RtpTimestamp from, RtpTimestamp to) {
  return static_cast<std::int32_t>(to.value - from.value);
}
constexpr SequenceNumber next(SequenceNumber sequence) {
  return SequenceNumber(static_cast<std::uint16_t>(sequence.value + 1));
}

}  // namespace assent
