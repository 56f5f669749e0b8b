#include "codecs/telephone_event.h"

#include <string_view>

namespace assent {
namespace {

constexpr std::uint8_t kEndBit = 0x80;
constexpr std::uint8_t kVolumeBits = 0x3F;
constexpr std::string_view kDigits = "0123456789*#ABCD";

}  // namespace

std::optional<TelephoneEvent> parse_telephone_event(ByteView payload) {
  if (payload.empty() || payload.size() % kTelephoneEventBytes != 0) return std::nullopt;
  return TelephoneEvent{payload[0], (payload[1] & kEndBit) != 0, static_cast<std::uint8_t>(payload[1] & kVolumeBits),
                        load_be16(payload.data() + 2)};
}

std::optional<char> digit_of(std::uint8_t event) {
  if (event >= kDigits.size()) return std::nullopt;
  return kDigits[event];
}

// `ahead`: ticks from the latest press's start to this event's, more than 0.
bool DigitDetector::continues_press(const RtpHeader& header, const TelephoneEvent& event, std::int32_t ahead) const {
  if (header.marker || event.event != latest_.event) return false;
  // A segment begins where the one before ended, at the largest duration there is; the packet that said so may be lost.
  // A start inside the press is a sender that moves the timestamp with every packet: nobody presses a pressed key.
  return ahead <= latest_.duration_ticks || (ahead == kSegmentTicks && !latest_.end);
}

std::optional<char> DigitDetector::see(const RtpHeader& header, const TelephoneEvent& event) {
  const bool known = any_ && header.ssrc == ssrc_;
  const std::int32_t ahead = known ? distance(start_, header.timestamp) : 0;
  if (known && ahead == 0 && event.event == latest_.event) {
    latest_.end = latest_.end || event.end;
    if (event.duration_ticks > latest_.duration_ticks) latest_.duration_ticks = event.duration_ticks;
    return std::nullopt;
  }
  if (known && ahead <= 0 && ahead > -late_ticks_) return std::nullopt;

  const bool same_press = known && ahead > 0 && continues_press(header, event, ahead);
  any_ = true;
  ssrc_ = header.ssrc;
  start_ = header.timestamp;
  latest_ = event;
  return same_press ? std::nullopt : digit_of(event.event);
}

}  // namespace assent
