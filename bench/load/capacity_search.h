// CapacitySearch: the largest number of calls that pass, by doubling and then halving the gap. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

namespace assent::load {

class CapacitySearch {
 public:
  struct Bounds {
    std::size_t from = 1;
    std::size_t step = 1;  // how exact the answer is to be
    std::size_t max = 1;
  };
  explicit CapacitySearch(Bounds bounds) : bounds_(bounds), next_(std::min(bounds.from, bounds.max)) {}

  // What to try; nothing when the answer is known.
  std::optional<std::size_t> next() const { return next_; }
  void passed() {
    best_ = *next_;
    choose();
  }
  void failed() {
    worst_ = *next_;
    choose();
  }
  std::size_t best() const { return best_; }  // 0: none passed

 private:
  void choose() {
    if (worst_ == 0) {
      next_ = best_ == bounds_.max ? std::nullopt : std::optional(std::min(2 * best_, bounds_.max));
    } else if (worst_ - best_ <= bounds_.step) {
      next_.reset();
    } else {
      next_ = best_ + (worst_ - best_) / 2;
    }
  }

  Bounds bounds_;
  std::optional<std::size_t> next_;
  std::size_t best_ = 0;
  std::size_t worst_ = 0;  // 0: none failed
};

}  // namespace assent::load
