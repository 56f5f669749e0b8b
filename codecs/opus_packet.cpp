#include "codecs/opus_packet.h"

#include <array>

namespace assent {
namespace {

constexpr std::uint32_t kMostTicks = 5760;    // R5: 120 ms
constexpr std::size_t kFrameBytesMax = 1275;  // R2
constexpr std::uint8_t kLongLength = 252;     // from here on a length has a second byte, which counts fours

// Section 3.1, table 2: SILK has frames of 10, 20, 40 and 60 ms, the hybrid of 10 and 20, CELT of 2.5, 5, 10 and 20.
constexpr std::uint32_t frame_ticks(std::uint8_t toc) {
  constexpr std::array<std::uint32_t, 4> kSilk = {480, 960, 1920, 2880};
  const unsigned config = toc >> 3;
  if (config < 12) return kSilk[config % 4];
  if (config < 16) return kSilk[config % 2];
  return 120U << (config % 4);
}
static_assert(frame_ticks(1 << 3) == 960 && frame_ticks(15 << 3) == 960 && frame_ticks(31 << 3) == 960);

// Takes the length of a frame off the front (section 3.2.1).
std::optional<std::size_t> take_length(ByteView& rest) {
  if (rest.empty()) return std::nullopt;
  const std::uint8_t first = rest[0];
  const std::size_t bytes = first < kLongLength ? 1 : 2;
  if (rest.size() < bytes) return std::nullopt;
  const std::size_t length = bytes == 1 ? first : first + std::size_t{4} * rest[1];
  rest = rest.subspan(bytes);
  return length;
}

// `frames` of one size fill what is left.
bool is_even(ByteView rest, std::size_t frames) {
  return rest.size() % frames == 0 && rest.size() / frames <= kFrameBytesMax;
}

// All but the last say their length; the last fills what is left.
bool is_varied(ByteView rest, std::size_t frames) {
  std::size_t sum = 0;
  for (std::size_t i = 1; i < frames; ++i) {
    const auto length = take_length(rest);
    if (!length) return false;
    sum += *length;
  }
  return sum <= rest.size() && rest.size() - sum <= kFrameBytesMax;
}

// How much padding is at the end (section 3.2.5): each byte of 255 stands for 254 and goes on.
bool take_padding(ByteView& rest) {
  std::size_t padding = 0;
  while (true) {
    if (rest.empty()) return false;
    const std::uint8_t count = rest[0];
    rest = rest.subspan(1);
    padding += count == 255 ? 254 : count;
    if (count != 255) break;
  }
  if (padding > rest.size()) return false;
  rest = rest.first(rest.size() - padding);
  return true;
}

std::optional<std::uint32_t> ticks_of_many(std::uint32_t each, ByteView rest) {
  if (rest.empty()) return std::nullopt;
  constexpr std::uint8_t kVaried = 0x80;
  constexpr std::uint8_t kPadded = 0x40;
  const std::uint8_t count = rest[0];
  const std::size_t frames = count & 0x3F;
  rest = rest.subspan(1);
  if (frames == 0 || frames * each > kMostTicks) return std::nullopt;
  if ((count & kPadded) != 0 && !take_padding(rest)) return std::nullopt;
  const bool fits = (count & kVaried) != 0 ? is_varied(rest, frames) : is_even(rest, frames);
  if (!fits) return std::nullopt;
  return static_cast<std::uint32_t>(frames) * each;
}

}  // namespace

std::optional<std::uint32_t> opus_ticks(ByteView packet) {
  if (packet.empty()) return std::nullopt;
  const std::uint32_t each = frame_ticks(packet[0]);
  const ByteView rest = packet.subspan(1);
  switch (packet[0] & 3) {
    case 0: return is_even(rest, 1) ? std::optional(each) : std::nullopt;
    case 1: return is_even(rest, 2) ? std::optional(2 * each) : std::nullopt;
    case 2: return is_varied(rest, 2) ? std::optional(2 * each) : std::nullopt;
    default: return ticks_of_many(each, rest);
  }
}

}  // namespace assent
