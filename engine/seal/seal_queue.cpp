#include "engine/seal/seal_queue.h"

#include <algorithm>
#include <array>
#include <boost/lockfree/spsc_queue.hpp>
#include <mutex>

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
  boost::lockfree::spsc_queue<Crossing> crossings;
  std::mutex consuming;  // the consumers are one at a time
  InOutCount count;
};

SealQueue::SealQueue(BlockPool& pool) : pool_(pool), state_(std::make_unique<State>(pool.capacity_blocks())) {}

SealQueue::~SealQueue() { ASSENT_CHECK(state_->crossings.read_available() == 0); }

void SealQueue::push(AdmittedBlock&& block) {
  block.segment_->count_queued();
  block.block_->head.full_at = now_;
  state_->count.went_in();
  ASSENT_CHECK(state_->crossings.push(Crossing{block.block_.release(), block.segment_}));
}

std::size_t SealQueue::pop(std::span<std::optional<AdmittedBlock>> places) {
  std::array<Crossing, limits::kSealBurst> crossings;
  std::size_t taken = 0;
  {
    const std::lock_guard lock(state_->consuming);
    taken = state_->crossings.pop(crossings.data(), std::min(places.size(), crossings.size()));
    state_->count.came_out(taken);
  }
  for (std::size_t i = 0; i < taken; ++i) {
    places[i].emplace(AdmittedBlock(pool_.adopt(crossings[i].block), crossings[i].segment));
  }
  return taken;
}

InOutTotals SealQueue::totals() const { return state_->count.totals(); }

}  // namespace assent
