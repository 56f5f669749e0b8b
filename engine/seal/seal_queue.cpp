#include "engine/seal/seal_queue.h"

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
  InOutCount count;
};

SealQueue::SealQueue(BlockPool& pool) : pool_(pool), state_(std::make_unique<State>(pool.capacity_blocks())) {}

SealQueue::~SealQueue() { ASSENT_CHECK(state_->crossings.empty()); }

void SealQueue::push(AdmittedBlock&& block) {
  block.segment_->count_queued();
  block.block_->head.full_at = now_;
  state_->count.went_in();
  ASSENT_CHECK(state_->crossings.bounded_push(Crossing{block.block_.release(), block.segment_}));
}

std::optional<AdmittedBlock> SealQueue::pop() {
  Crossing crossing{};
  if (!state_->crossings.pop(crossing)) return std::nullopt;
  state_->count.came_out();
  return AdmittedBlock(pool_.adopt(crossing.block), crossing.segment);
}

InOutTotals SealQueue::totals() const { return state_->count.totals(); }

}  // namespace assent
