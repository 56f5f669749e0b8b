// CoarseTime: a moment of the monotonic clock in 32 bits, for stamps that travel with a block or a page.
//
// In steps of 2^16 ns (65.5 us), modulo 2^32 steps (78 hours): a difference is right to a step either way while it is
// below half of that, and 0 when the stamp is the later one. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace assent {

class CoarseTime {
 public:
  CoarseTime() = default;
  explicit CoarseTime(MonoTime time) : steps_(steps_of(time)) {}

  nanoseconds until(MonoTime later) const { return between(steps_, steps_of(later)); }
  nanoseconds until(CoarseTime later) const { return between(steps_, later.steps_); }

 private:
  static constexpr int kStepBits = 16;
  static std::uint32_t steps_of(MonoTime time) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(time.time_since_epoch().count()) >> kStepBits);
  }
  static nanoseconds between(std::uint32_t from, std::uint32_t to) {
    const auto steps = static_cast<std::int32_t>(to - from);
    return nanoseconds(steps > 0 ? std::int64_t{steps} << kStepBits : 0);
  }

  std::uint32_t steps_ = 0;
};
static_assert(sizeof(CoarseTime) == 4);

}  // namespace assent
