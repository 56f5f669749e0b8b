// AudioGaps: the consented audio of one leg that was lost, because it could be sealed no faster than it came, or
// because the ledger did not answer (Gate::suspended): when, and how much. Memory for it is the leg's own, so that
// noting a loss needs none.
//
// Losses that follow each other within limits::kHeldBlockSpan are one gap. When there are more gaps than can be told
// one by one, the last one spans what follows; the sums are right in any case. Shard thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/limits.h"
#include "base/time.h"

namespace assent {

struct AudioGap {
  WallTime from;
  WallTime to;
  std::uint32_t blocks = 0;
  std::uint32_t packets = 0;

  bool operator==(const AudioGap&) const = default;
};

// A block that was lost, or packets that came into none.
struct LostAudio {
  WallTime first;
  WallTime end;
  std::uint32_t packets = 0;
  std::uint32_t blocks = 1;
};

class AudioGaps {
 public:
  struct Sums {
    std::uint64_t blocks = 0;
    std::uint64_t packets = 0;
    nanoseconds time{0};
  };

  void add(const LostAudio& lost) {
    sums_.blocks += lost.blocks;
    sums_.packets += lost.packets;
    sums_.time += lost.end - lost.first;
    const bool goes_on = count_ != 0 && lost.first >= gaps_[count_ - 1].from &&
                         lost.first <= gaps_[count_ - 1].to + nanoseconds(limits::kHeldBlockSpan);
    if (!goes_on && count_ < gaps_.size()) gaps_[count_++] = {lost.first, lost.end, 0, 0};
    AudioGap& gap = gaps_[count_ - 1];
    gap.from = std::min(gap.from, lost.first);
    gap.to = std::max(gap.to, lost.end);
    gap.blocks += lost.blocks;
    gap.packets += lost.packets;
  }

  const Sums& sums() const { return sums_; }
  std::span<const AudioGap> list() const { return std::span(gaps_).first(count_); }  // oldest first

 private:
  std::array<AudioGap, limits::kGapsPerLeg> gaps_{};
  std::size_t count_ = 0;
  Sums sums_;
};

}  // namespace assent
