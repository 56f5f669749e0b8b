#include "codecs/telephone_event.h"

#include <algorithm>

namespace assent {
namespace {

constexpr std::uint8_t kEndBit = 0x80;
constexpr std::uint8_t kVolumeBits = 0x3F;
constexpr std::int64_t kSegmentTicks = 0xFFFF;

}  // namespace

std::optional<TelephoneEvent> parse_telephone_event(ByteView payload) {
  if (payload.empty() || payload.size() % kTelephoneEventBytes != 0) return std::nullopt;
  return TelephoneEvent{payload[0], (payload[1] & kEndBit) != 0, static_cast<std::uint8_t>(payload[1] & kVolumeBits),
                        load_be16(payload.data() + 2)};
}

std::optional<char> digit_of(std::uint8_t event) {
  if (event >= kTelephoneKeys.size()) return std::nullopt;
  return kTelephoneKeys[event];
}

bool DigitDetector::belongs(const Press& press, const RtpHeader& header, const TelephoneEvent& event) {
  if (!press.seen || press.ssrc != header.ssrc || press.event != event.event) return false;
  const std::int64_t offset = distance(press.start, header.timestamp);
  if (offset == 0) return true;
  // The marker says that a press begins here (section 2.3.1): segments do not bear it.
  if (header.marker || offset < 0) return false;
  // A start within the press or at its end is a segment, or a sender that moves the timestamp with every packet: nobody
  // presses a pressed key.
  if (offset <= press.length_ticks) return true;
  // A segment is full at the largest duration there is; the packet that said so may be lost.
  return offset == press.segment_ticks + kSegmentTicks && !press.ended;
}

std::optional<char> DigitDetector::see(const RtpHeader& header, const TelephoneEvent& event) {
  for (Press& press : presses_) {
    if (!belongs(press, header, event)) continue;
    const std::int64_t offset = distance(press.start, header.timestamp);
    press.segment_ticks = std::max(press.segment_ticks, offset);
    press.length_ticks = std::max(press.length_ticks, offset + event.duration_ticks);
    press.ended = press.ended || event.end;
    return std::nullopt;
  }
  presses_[oldest_] = {header.ssrc, header.timestamp, 0, event.duration_ticks, event.event, true, event.end};
  oldest_ = (oldest_ + 1) % presses_.size();
  return digit_of(event.event);
}

}  // namespace assent
