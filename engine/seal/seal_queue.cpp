#include "engine/seal/seal_queue.h"

#include <atomic>
#include <boost/lockfree/queue.hpp>

#include "engine/seal/open_segment.h"

namespace assent {

namespace {

// What crosses the queue: bare pointers, because a lock-free queue carries only trivial types. Ownership is given up
// before the push and taken again after the pop, in this file alone.
struct Crossing {
  Block* block;
  OpenSegment* segment;
};

}  // namespace

struct SealQueue::State {
  explicit State(std::size_t capacity) : crossings(capacity) {}
  boost::lockfree::queue<Crossing> crossings;
  std::atomic<std::uint64_t> pushed{0};
  std::atomic<std::uint64_t> popped{0};
};

SealQueue::SealQueue(BlockPool& pool) : pool_(pool), state_(std::make_unique<State>(pool.capacity_blocks())) {}

SealQueue::~SealQueue() { ASSENT_CHECK(state_->crossings.empty()); }

void SealQueue::push(AdmittedBlock&& block) {
  block.segment_->count_queued();
  block.block_->head.full_at = now_;
  state_->pushed.fetch_add(1, std::memory_order_relaxed);
  ASSENT_CHECK(state_->crossings.bounded_push(Crossing{block.block_.release(), block.segment_}));
}

std::optional<AdmittedBlock> SealQueue::pop() {
  Crossing crossing{};
  if (!state_->crossings.pop(crossing)) return std::nullopt;
  state_->popped.fetch_add(1, std::memory_order_relaxed);
  return AdmittedBlock(pool_.adopt(crossing.block), crossing.segment);
}

// What was popped is read first, so that it is never more than what was pushed.
SealQueue::Totals SealQueue::totals() const {
  Totals totals;
  totals.popped = state_->popped.load(std::memory_order_acquire);
  totals.pushed = state_->pushed.load(std::memory_order_relaxed);
  return totals;
}

std::size_t SealQueue::waiting() const {
  const Totals now = totals();
  return static_cast<std::size_t>(now.pushed - now.popped);
}

}  // namespace assent
