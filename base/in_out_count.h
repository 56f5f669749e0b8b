// InOutCount: how many ever went into something bounded, and how many ever came out of it.
//
// Two totals say more than their difference: with them QueueDelay (engine/overload) reckons how long the oldest has
// been inside, though nothing is stamped on its way. Any thread counts and reads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace assent {

struct InOutTotals {
  std::uint64_t in = 0;
  std::uint64_t out = 0;  // at most `in`

  std::size_t inside() const { return static_cast<std::size_t>(in - out); }
};

class InOutCount {
 public:
  void went_in(std::size_t count = 1) { in_.fetch_add(count, std::memory_order_relaxed); }  // before it can come out
  void came_out(std::size_t count = 1) { out_.fetch_add(count, std::memory_order_release); }

  // What came out is read first, so that it is never more than what went in.
  InOutTotals totals() const {
    InOutTotals totals;
    totals.out = out_.load(std::memory_order_acquire);
    totals.in = in_.load(std::memory_order_relaxed);
    return totals;
  }

 private:
  std::atomic<std::uint64_t> in_{0};
  std::atomic<std::uint64_t> out_{0};
};

}  // namespace assent
