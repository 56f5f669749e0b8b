#include "codecs/amr_payload.h"

#include <algorithm>

namespace assent {
namespace {

constexpr std::int16_t kUndefined = -1;
constexpr std::size_t kTypes = 16;
// Bits of a frame by its type: 3GPP TS 26.101 table 1a with table 2, TS 26.201 table 1 with table 2. Comfort noise is
// type 8 of AMR (9 to 11 are that of other codecs) and 9 of AMR-WB; 14 of AMR-WB is a frame lost before us; 15 none.
constexpr std::array<std::int16_t, kTypes> kNarrowBits = {95, 103, 118, 134, 148,        159,        204,        244,
                                                          39, 43,  38,  37,  kUndefined, kUndefined, kUndefined, 0};
constexpr std::array<std::int16_t, kTypes> kWideBits = {
    132, 177, 253, 285, 317, 365, 397, 461, 477, 40, kUndefined, kUndefined, kUndefined, kUndefined, 0, 0};
constexpr std::uint8_t kNarrowModes = 8;
constexpr std::uint8_t kWideModes = 9;
constexpr std::size_t kModeRequestBits = 4;

}  // namespace

std::uint8_t AmrFrames::Bits::take(std::size_t bits) {
  std::uint8_t value = 0;
  for (; bits > 0; --bits, ++at) {
    value = static_cast<std::uint8_t>((value << 1) | ((bytes[at / 8] >> (7 - at % 8)) & 1));
  }
  return value;
}

AmrFrames::AmrFrames(const Codec& codec, ByteView payload)
    : wide_(codec.name == CodecName::amr_wb),
      aligned_(codec.packing == FramePacking::octet_aligned),
      entries_{payload, kModeRequestBits} {
  if (payload.empty()) return;
  if (aligned_) entries_.align();
  const Bits first = entries_;
  count_ = measure();
  left_ = count_.value_or(0);
  data_ = entries_;
  entries_ = first;
}

std::optional<AmrFrames::Entry> AmrFrames::take_entry() {
  if (entries_.left() < 6) return std::nullopt;
  Entry entry;
  entry.is_last = entries_.take(1) == 0;
  entry.type = entries_.take(4);
  entry.good = entries_.take(1) == 1;
  if (aligned_) entries_.align();
  const std::int16_t bits = (wide_ ? kWideBits : kNarrowBits)[entry.type];
  if (bits == kUndefined) return std::nullopt;
  entry.bits = static_cast<std::size_t>(bits);
  return entry;
}

std::size_t AmrFrames::stored_bits(std::size_t bits) const { return aligned_ ? (bits + 7) / 8 * 8 : bits; }

// Walks the table of contents to its end, where the frames begin.
std::optional<std::size_t> AmrFrames::measure() {
  std::size_t frames = 0;
  std::size_t bits = 0;
  while (true) {
    const auto entry = take_entry();
    if (!entry) return std::nullopt;
    ++frames;
    bits += stored_bits(entry->bits);
    if (entry->is_last) break;
  }
  const bool is_exact = bits <= entries_.left() && entries_.left() - bits < 8;
  return is_exact ? std::optional(frames) : std::nullopt;
}

std::optional<AmrFrame> AmrFrames::next() {
  if (left_ == 0) return std::nullopt;
  --left_;
  const Entry entry = *take_entry();
  AmrFrame frame;
  frame.bytes[0] = static_cast<std::uint8_t>(entry.type << 3 | (entry.good ? 4 : 0));
  frame.size = 1;
  frame.is_speech = entry.good && entry.type < (wide_ ? kWideModes : kNarrowModes);
  for (std::size_t bits = entry.bits; bits > 0;) {
    const std::size_t some = std::min<std::size_t>(bits, 8);
    frame.bytes[frame.size++] = static_cast<std::uint8_t>(data_.take(some) << (8 - some));
    bits -= some;
  }
  if (aligned_) data_.align();
  return frame;
}

}  // namespace assent
