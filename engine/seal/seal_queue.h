// SealQueue: admitted blocks on their way from the shard to the seal workers.
//
// Producer: the shard. Consumers: the seal workers, any number. Lock-free (Boost.Lockfree), bounded by the number of
// blocks the arena has, so a push never fails and never allocates. Order does not matter: frames are independent and
// their places computable.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "engine/stages.h"

namespace assent {

class SealQueue {
 public:
  // `pool` is where the blocks come from; its capacity is the queue's.
  explicit SealQueue(BlockPool& pool);
  ~SealQueue();  // drained

  // The shard's clock, with which blocks are stamped from now on: a sweep's is exact enough, and costs nothing.
  void set_time(CoarseTime now) { now_ = now; }
  void push(AdmittedBlock&& block);
  std::optional<AdmittedBlock> pop();
  std::size_t waiting() const { return totals().inside(); }  // an estimate, for metrics
  InOutTotals totals() const;                                // ever pushed, and ever popped
  std::size_t capacity_blocks() const { return pool_.capacity_blocks(); }

 private:
  struct State;
  BlockPool& pool_;
  CoarseTime now_;  // the producer's
  std::unique_ptr<State> state_;
};

}  // namespace assent
