// Telephone events: DTMF digits in RTP (RFC 4733), each pressed key reported once.
//
// A key is sent as many packets: the same timestamp with a growing duration, then the end packet three times. The
// detector reports it at its FIRST packet. That is 50 to 100 ms sooner than at the end packet, which is what somebody
// who consents or withdraws is owed; the alternatives, waiting for the end or for a least duration, guard against tones
// that a gateway mistook for a key, which is the gateway's duty. An end packet whose beginning was lost still counts.
//
// Decides which packets belong to one press: the same source and timestamp; a later timestamp that continues a long
// press as its next segment (section 2.5.1.3); a little earlier timestamp, which is a packet that came late. Packets
// may come in any order, any number of times. Pure; the leg's thread; ticks are those of the stream's RTP clock.
//
//      0                   1                   2                   3
//     +---------------+-+-+-----------+-------------------------------+
//     |     event     |E|R|  volume   |    duration so far, ticks     |   one or more, back to back (section 2.5.1.5)
//     +---------------+-+-+-----------+-------------------------------+
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "codecs/rtp.h"

namespace assent {

inline constexpr std::size_t kTelephoneEventBytes = 4;

struct TelephoneEvent {
  std::uint8_t event = 0;
  bool end = false;
  std::uint8_t volume = 0;           // dBm0 without its minus sign, 0 to 63
  std::uint16_t duration_ticks = 0;  // since the packet's timestamp

  constexpr bool operator==(const TelephoneEvent&) const = default;
};

// The first event of a payload; nothing when the payload is not a whole number of events.
std::optional<TelephoneEvent> parse_telephone_event(ByteView payload);

// 0-9, *, #, A-D (section 3.2), or nothing for events that are no key (flash, tones).
std::optional<char> digit_of(std::uint8_t event);

class DigitDetector {
 public:
  explicit DigitDetector(std::uint32_t clock_rate)
      : late_ticks_(kLateSeconds * static_cast<std::int32_t>(clock_rate)) {}

  // A press that this event is the first sign of, as its digit. `marker` of the header opens a press, never a segment.
  std::optional<char> see(const RtpHeader& header, const TelephoneEvent& event);

  // Calls report(char digit, RtpTimestamp start) for each press that the packet is the first sign of. False when the
  // payload is not telephone events.
  template <typename Report>
  bool see_packet(const RtpHeader& header, ByteView payload, Report&& report);

 private:
  // An event this far back is a late packet; from further back it is a sender that began a new count.
  static constexpr std::int32_t kLateSeconds = 5;
  static constexpr std::int32_t kSegmentTicks = 0xFFFF;

  bool continues_press(const RtpHeader& header, const TelephoneEvent& event, std::int32_t ahead) const;

  std::int32_t late_ticks_;
  bool any_ = false;
  Ssrc ssrc_;
  RtpTimestamp start_;  // of the latest press, or of its latest segment
  TelephoneEvent latest_;
};

template <typename Report>
bool DigitDetector::see_packet(const RtpHeader& header, ByteView payload, Report&& report) {
  if (!parse_telephone_event(payload)) return false;
  RtpHeader each = header;
  for (; !payload.empty(); payload = payload.subspan(kTelephoneEventBytes)) {
    const auto event = parse_telephone_event(payload);
    if (const auto digit = see(each, *event)) report(*digit, each.timestamp);
    // The next event of the packet begins where this one ended.
    each.timestamp = RtpTimestamp(each.timestamp.value + event->duration_ticks);
    each.marker = false;
  }
  return true;
}

}  // namespace assent
