// LagHistogram: how late packets left, in steps of 10 us up to a second. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace assent::load {

class LagHistogram {
 public:
  void add(nanoseconds lag, std::uint64_t packets) {
    const std::int64_t step = std::clamp<std::int64_t>(lag / kStep, 0, kSteps - 1);
    steps_[static_cast<std::size_t>(step)] += packets;
    packets_ += packets;
    largest_ = std::max(largest_, lag);
  }

  // The lag that this share of the packets did not exceed, to a step.
  nanoseconds quantile(double share) const {
    const double wanted = share * static_cast<double>(packets_);
    std::uint64_t seen = 0;
    for (std::size_t step = 0; step < steps_.size(); ++step) {
      seen += steps_[step];
      if (seen != 0 && static_cast<double>(seen) >= wanted) {
        return std::min<nanoseconds>(largest_, kStep * static_cast<std::int64_t>(step + 1));
      }
    }
    return nanoseconds(0);
  }
  nanoseconds largest() const { return largest_; }
  std::uint64_t packets() const { return packets_; }

 private:
  static constexpr nanoseconds kStep = std::chrono::microseconds(10);
  static constexpr std::int64_t kSteps = 100'000;

  std::vector<std::uint64_t> steps_ = std::vector<std::uint64_t>(kSteps);
  std::uint64_t packets_ = 0;
  nanoseconds largest_{0};
};

}  // namespace assent::load
