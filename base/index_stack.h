// IndexStack: a lock-free stack of the numbers below its capacity, each in it at most once, which gives and takes many
// at once with one exchange (Treiber 1986).
//
// Any thread pushes and pops; what a pusher wrote before is seen by who pops the number (release, acquire). A popper
// that was held up is not misled by numbers that have gone and come back meanwhile: beside the top stands how often it
// has changed, so it would have to sleep through exactly 2^32 changes. Nothing is allocated after construction.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/limits.h"
#include "base/result.h"

namespace assent {

class IndexStack {
 public:
  explicit IndexStack(std::uint32_t capacity)  // empty
      : capacity_(capacity), below_(std::make_unique<std::atomic<std::uint32_t>[]>(capacity)) {
    ASSENT_CHECK(capacity < kNothing);
  }

  // The first of them is the next to be popped.
  void push(std::span<const std::uint32_t> indices) {
    if (indices.empty()) return;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      ASSENT_CHECK(indices[i] < capacity_);
      if (i > 0) below_[indices[i - 1]].store(indices[i], std::memory_order_relaxed);
    }
    std::uint64_t top = top_.load(std::memory_order_relaxed);
    do {
      below_[indices.back()].store(index_of(top), std::memory_order_relaxed);
    } while (!top_.compare_exchange_weak(top, next_top(top, indices.front()), std::memory_order_release,
                                         std::memory_order_relaxed));
  }

  // As many as there are, into places from the first on; how many.
  std::size_t pop(std::span<std::uint32_t> places) {
    std::uint64_t top = top_.load(std::memory_order_acquire);
    for (;;) {
      std::size_t taken = 0;
      std::uint32_t index = index_of(top);
      for (; index != kNothing && taken < places.size(); ++taken) {
        places[taken] = index;
        index = below_[index].load(std::memory_order_relaxed);
      }
      if (taken == 0) return 0;
      if (top_.compare_exchange_weak(top, next_top(top, index), std::memory_order_acquire, std::memory_order_acquire)) {
        return taken;
      }
    }
  }

 private:
  static constexpr std::uint32_t kNothing = UINT32_MAX;

  // | 32 changes | 32 index |
  static std::uint32_t index_of(std::uint64_t top) { return static_cast<std::uint32_t>(top); }
  static std::uint64_t next_top(std::uint64_t top, std::uint32_t index) {
    return (((top >> 32U) + 1) << 32U) | std::uint64_t{index};
  }

  const std::uint32_t capacity_;
  const std::unique_ptr<std::atomic<std::uint32_t>[]> below_;
  alignas(limits::kCacheLineBytes) std::atomic<std::uint64_t> top_{kNothing};
};

}  // namespace assent
