// Telephone events: DTMF digits in RTP (RFC 4733), each pressed key reported once.
//
// A key is sent as many packets: the same timestamp with a growing duration, then the end packet three times. The
// detector reports it at its FIRST packet. That is 50 to 100 ms sooner than at the end packet, which is what somebody
// who consents or withdraws is owed; the alternatives, waiting for the end or for a least duration, guard against tones
// that a gateway mistook for a key, which is the gateway's duty. An end packet whose beginning was lost still counts.
//
// Decides which packets belong to one press: those of the same source, key and timestamp, and those whose timestamp
// continues a long press as its next segment (section 2.5.1.3). The last few presses are remembered, so packets may
// come in any order and any number of times. Pure; the leg's thread; ticks are those of the stream's RTP clock.
//
//      0                   1                   2                   3
//     +---------------+-+-+-----------+-------------------------------+
//     |     event     |E|R|  volume   |    duration so far, ticks     |   one or more, back to back (section 2.5.1.5)
//     +---------------+-+-+-----------+-------------------------------+
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "codecs/rtp.h"

namespace assent {

inline constexpr std::size_t kTelephoneEventBytes = 4;
// Keys, by their event (section 3.2).
inline constexpr std::string_view kTelephoneKeys = "0123456789*#ABCD";

struct TelephoneEvent {
  std::uint8_t event = 0;
  bool end = false;
  std::uint8_t volume = 0;           // dBm0 without its minus sign, 0 to 63
  std::uint16_t duration_ticks = 0;  // since the packet's timestamp

  constexpr bool operator==(const TelephoneEvent&) const = default;
};

// The first event of a payload; nothing when the payload is not a whole number of events.
std::optional<TelephoneEvent> parse_telephone_event(ByteView payload);

// One of kTelephoneKeys, or nothing for events that are no key (flash, tones).
std::optional<char> digit_of(std::uint8_t event);

class DigitDetector {
 public:
  // The digit of the press that this event is the first sign of.
  std::optional<char> see(const RtpHeader& header, const TelephoneEvent& event);

  // Calls report(char digit, RtpTimestamp start) for each press that the packet is the first sign of. False when the
  // payload is not telephone events.
  template <typename Report>
  bool see_packet(const RtpHeader& header, ByteView payload, Report&& report);

 private:
  struct Press {
    Ssrc ssrc;
    RtpTimestamp start;
    std::int64_t segment_ticks = 0;  // from the start to the latest segment's
    std::int64_t length_ticks = 0;   // from the start to the end, as far as is known
    std::uint8_t event = 0;
    bool seen = false;
    bool ended = false;
  };
  static constexpr std::size_t kRemembered = 8;

  static bool belongs(const Press& press, const RtpHeader& header, const TelephoneEvent& event);

  std::array<Press, kRemembered> presses_{};
  std::size_t oldest_ = 0;
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
