#include "engine/journal/sealed_page_queue.h"

#include <utility>

namespace assent {

SealedPageQueue::SealedPageQueue(std::size_t capacity_pages) : capacity_(capacity_pages) {
  pushed_.reserve(capacity_pages);
  taken_.reserve(capacity_pages);
}

bool SealedPageQueue::push(std::span<SealedPage> pages) {
  const std::lock_guard lock(mutex_);
  // Only this makes it more, and only under the lock.
  if (waiting_.load(std::memory_order_relaxed) + pages.size() > capacity_) return false;
  waiting_.fetch_add(pages.size(), std::memory_order_relaxed);
  for (SealedPage& page : pages) pushed_.push_back(std::move(page));
  return true;
}

std::optional<SealedPage> SealedPageQueue::pop() {
  if (handed_out_ == taken_.size()) {
    taken_.clear();
    handed_out_ = 0;
    const std::lock_guard lock(mutex_);
    std::swap(taken_, pushed_);
  }
  if (taken_.empty()) return std::nullopt;
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  return std::move(taken_[handed_out_++]);
}

}  // namespace assent
