// LatencyHistogram: how long something took, counted in fixed steps, for the metrics.
//
// It owns 32 counts and a sum. A latency is counted in the first step whose bound it does not exceed; the last step has
// no bound. The bounds are 1, 1.5, 2, 3, 5 and 7.5 times a power of ten from 50 us to 10 s, so a quantile read off them
// is right to a third at worst, and what this engine promises (15 ms, 20 ms, 500 ms) is a bound itself.
//
// Writer: one thread at a time, which only loads and stores: no locked instruction. Readers: any thread, at any time;
// `counts` is then no single moment's, and each of its numbers is right. All relaxed: nothing else hangs on them.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace assent {

inline constexpr std::array<nanoseconds, 31> kLatencyBounds = {
    50us, 75us, 100us, 150us, 200us, 300us, 500us, 750us, 1ms,   1500us, 2ms, 3ms, 5ms, 7500us, 10ms, 15ms,
    20ms, 30ms, 50ms,  75ms,  100ms, 150ms, 200ms, 300ms, 500ms, 750ms,  1s,  2s,  3s,  5s,     10s};
static_assert(std::is_sorted(kLatencyBounds.begin(), kLatencyBounds.end()));

// What a LatencyHistogram has counted.
struct LatencyCounts {
  std::array<std::uint64_t, kLatencyBounds.size() + 1>
      steps{};               // [i]: at most kLatencyBounds[i], and above the one before
  std::uint64_t sum_us = 0;  // in microseconds: 200,000 packets a second of 7 ms each fill it in 400 years

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t step : steps) sum += step;
    return sum;
  }
};

class LatencyHistogram {
 public:
  // `times` things took this long. Less than nothing counts as nothing.
  void add(nanoseconds latency, std::uint64_t times = 1) {
    const nanoseconds took = std::max(latency, nanoseconds(0));
    const auto step = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), took) - kLatencyBounds.begin();
    increase(steps_[static_cast<std::size_t>(step)], times);
    increase(sum_us_, static_cast<std::uint64_t>(took.count()) / 1000 * times);
  }

  LatencyCounts counts() const {
    LatencyCounts counts;
    for (std::size_t i = 0; i < steps_.size(); ++i) counts.steps[i] = steps_[i].load(std::memory_order_relaxed);
    counts.sum_us = sum_us_.load(std::memory_order_relaxed);
    return counts;
  }

 private:
  static void increase(std::atomic<std::uint64_t>& count, std::uint64_t by) {
    count.store(count.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, kLatencyBounds.size() + 1> steps_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace assent
