// RTCP: what the recorder reads of a compound packet (RFC 3550 section 6): the sender's clock, reception reports, and
// who leaves.
//
// Decides whether the bytes are RTCP, and keeps nothing that names a person: the CNAME and other items of SDES packets
// are stepped over, and so are APP, feedback (RFC 4585) and unknown packet types. Reduced-size packets (RFC 5506),
// which need not begin with a report, are read too. Either the whole compound is well-formed or nothing of it is used.
// Every list is bounded; nothing throws or allocates. Any thread.
//
//      0                   1                   2                   3
//     +---+-+---------+---------------+-------------------------------+
//     |V=2|P|  count  |  packet type  |  words that follow this one   |   each packet of the compound
//     +---+-+---------+---------------+-------------------------------+
//     |                      SSRC of the sender                       |   SR 200, RR 201
//     |        NTP seconds, fraction; RTP timestamp; packets; bytes   |   SR only, 5 words
//     |                  reception reports, 6 words each              |
//     |                          SSRC, count times; reason            |   BYE 203
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/strong.h"
#include "base/time.h"
#include "codecs/rtp.h"

namespace assent {

// Seconds since 1900 in the upper half, fractions of 2^-32 s in the lower (RFC 5905 section 6).
using NtpTime = Strong<std::uint64_t, struct NtpTimeTag>;

// The era follows RFC 4330 section 3: seconds with the top bit set lie in 1968-2036, those without in 2036-2104.
// Nothing for 0, which a sender without a wall clock writes.
std::optional<WallTime> wall_time_of(NtpTime ntp);
NtpTime ntp_time_of(WallTime time);

struct SenderReport {
  Ssrc ssrc;
  NtpTime ntp;             // the sender's wall clock ...
  RtpTimestamp timestamp;  // ... at this instant of its media clock
  std::uint32_t packets = 0;
  std::uint32_t bytes = 0;  // payload only
};

struct ReceptionReport {
  Ssrc source;                     // whose stream is reported on
  std::uint8_t fraction_lost = 0;  // of 256
  std::int32_t packets_lost = 0;   // cumulative, 24 bits, may be negative
  std::uint32_t jitter_ticks = 0;
};

inline constexpr std::size_t kRtcpListMax = 31;  // what the count of one packet can say; more of a compound is not kept

struct RtcpContents {
  std::optional<SenderReport> sender;  // the last, when the compound holds several
  std::span<const ReceptionReport> receptions() const { return std::span(reception_list).first(reception_count); }
  std::span<const Ssrc> leaving() const { return std::span(leaving_list).first(leaving_count); }
  bool says_bye(Ssrc ssrc) const;

  std::array<ReceptionReport, kRtcpListMax> reception_list{};
  std::array<Ssrc, kRtcpListMax> leaving_list{};
  std::uint8_t reception_count = 0;
  std::uint8_t leaving_count = 0;
};

// Nothing when the bytes are not a well-formed compound.
std::optional<RtcpContents> parse_rtcp(ByteView compound);

}  // namespace assent
