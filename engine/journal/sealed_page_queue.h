// SealedPageQueue: carries sealed pages from the seal workers to the journal.
//
// Bounded and lock-free. Producers: seal workers, any number. Consumer: the journal thread, one. What is pushed before
// is seen by the pop (Boost.Lockfree releases on push and acquires on pop); pages of different producers come in no
// order. Its capacity is the page pool's, so a page that exists always has a place here.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

#include "engine/stages.h"

namespace assent {

class SealedPageQueue {
 public:
  explicit SealedPageQueue(std::size_t capacity_pages);
  ~SealedPageQueue();  // pages left inside go back to their pool
  SealedPageQueue(const SealedPageQueue&) = delete;
  SealedPageQueue& operator=(const SealedPageQueue&) = delete;

  // False when the queue is full; then `page` is untouched and still the caller's.
  bool push(SealedPage& page);
  std::optional<SealedPage> pop();

  std::size_t capacity_pages() const { return capacity_; }
  std::size_t waiting_pages() const { return waiting_.load(std::memory_order_relaxed); }  // about

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::size_t capacity_ = 0;
  std::atomic<std::size_t> waiting_{0};
};

}  // namespace assent
