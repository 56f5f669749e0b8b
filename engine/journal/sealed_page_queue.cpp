#include "engine/journal/sealed_page_queue.h"

#include <boost/lockfree/queue.hpp>

namespace assent {

// A sealed page without its owner, as the lock-free queue can carry it.
struct SealedPageQueue::State {
  struct Item {
    Page* page;
    PagePool* pool;
    SegmentId segment;
    FrameSeq seq;
    PageKind kind;
    PageTimes times;
  };
  explicit State(std::size_t capacity) : items(capacity) {}
  boost::lockfree::queue<Item> items;
};

SealedPageQueue::SealedPageQueue(std::size_t capacity_pages)
    : state_(std::make_unique<State>(capacity_pages)), capacity_(capacity_pages) {}

SealedPageQueue::~SealedPageQueue() {
  while (pop()) {
  }
}

bool SealedPageQueue::push(SealedPage& page) {
  const State::Item item{page.page_.get(), page.page_.get_deleter().pool, page.segment_, page.seq_, page.kind_,
                         page.times_};
  waiting_.fetch_add(1, std::memory_order_relaxed);  // before the push, or the consumer could count below zero
  if (!state_->items.bounded_push(item)) {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  // The queue owns the page from here on; the consumer may already have it.
  static_cast<void>(page.page_.release());
  return true;
}

std::optional<SealedPage> SealedPageQueue::pop() {
  State::Item item{};
  if (!state_->items.pop(item)) return std::nullopt;
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  return SealedPage(item.pool->adopt(item.page), item.segment, item.seq, item.kind, item.times);
}

}  // namespace assent
