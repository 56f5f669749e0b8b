// SrtpIndex: the number of a packet in its stream, of which only the lower 16 bits travel (RFC 3711 3.3.1).
//
//     | 32 rollover counter (ROC) | 16 sequence number (SEQ) |
//
// `nearest_index` guesses the rest from the highest index that was authenticated so far. The guess decides nothing: the
// index is part of what is authenticated, so a wrong one is noticed there. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/strong.h"

namespace assent {

using SrtpIndex = Strong<std::uint64_t, struct SrtpIndexTag>;            // 48 bits
using SrtpRollover = Strong<std::uint32_t, struct SrtpRolloverTag>;      // ROC
using SrtpSequence = Strong<std::uint16_t, struct SrtpSequenceTag>;      // SEQ, wraps
inline constexpr SrtpIndex kSrtpIndexMax{(std::uint64_t{1} << 48) - 1};  // the last one under a key (RFC 3711 9.2)

constexpr SrtpIndex index_of(SrtpRollover roc, SrtpSequence sequence) {
  return SrtpIndex((std::uint64_t{roc.value} << 16) | sequence.value);
}
constexpr SrtpRollover rollover_of(SrtpIndex index) {
  return SrtpRollover(static_cast<std::uint32_t>(index.value >> 16));
}
constexpr SrtpSequence sequence_of(SrtpIndex index) { return SrtpSequence(static_cast<std::uint16_t>(index.value)); }

// The index with this sequence number that is nearest to `highest`, among those that exist: none is below zero, none
// above kSrtpIndexMax. Of two as near, half the circle apart, appendix A takes the one in the same rollover.
constexpr SrtpIndex nearest_index(SrtpIndex highest, SrtpSequence sequence) {
  constexpr std::uint64_t kCircle = std::uint64_t{1} << 16;
  constexpr std::uint64_t kHalf = kCircle / 2;
  const std::uint64_t same = index_of(rollover_of(highest), sequence).value;
  if (same > highest.value + kHalf && same >= kCircle) return SrtpIndex(same - kCircle);
  if (same + kHalf < highest.value && same + kCircle <= kSrtpIndexMax.value) return SrtpIndex(same + kCircle);
  return SrtpIndex(same);
}

}  // namespace assent
