// SealedPageQueue: carries sealed pages from the seal workers to the journal.
//
// Bounded. Producers: seal workers, any number, many pages at once. Consumer: the journal thread, one, which takes all
// that is there with one exchange under the lock and then needs none. Pages of different producers come in no order.
// Its capacity is the page pool's, so a page that exists always has a place here. Allocates nothing once it is made.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "engine/stages.h"

namespace assent {

class SealedPageQueue {
 public:
  explicit SealedPageQueue(std::size_t capacity_pages);
  ~SealedPageQueue() = default;  // pages left inside go back to their pool
  SealedPageQueue(const SealedPageQueue&) = delete;
  SealedPageQueue& operator=(const SealedPageQueue&) = delete;

  // All of them or none: false when there is no room for so many; then they are untouched and still the caller's.
  bool push(std::span<SealedPage> pages);
  bool push(SealedPage& page) { return push(std::span(&page, 1)); }
  std::optional<SealedPage> pop();

  std::size_t capacity_pages() const { return capacity_; }
  std::size_t waiting_pages() const { return waiting_.load(std::memory_order_relaxed); }  // about

 private:
  const std::size_t capacity_;
  std::atomic<std::size_t> waiting_{0};
  std::mutex mutex_;  // of pushed_
  std::vector<SealedPage> pushed_;

  // The consumer's: what it has taken over, and how many of them it has handed out.
  std::vector<SealedPage> taken_;
  std::size_t handed_out_ = 0;
};

}  // namespace assent
