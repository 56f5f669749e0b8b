// SealQueue: admitted blocks on their way from the shard to the seal workers.
//
// Producer: the shard, which never waits (a ring of Boost.Lockfree's for one producer and one consumer). Consumers: the
// seal workers, any number, which take turns under a lock of their own and take many blocks at once. Bounded by the
// number of blocks the arena has, so a push never fails and never allocates. Order does not matter: frames are
// independent and their places computable.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

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
  // Takes what is there, into places from the first on; how many.
  std::size_t pop(std::span<std::optional<AdmittedBlock>> places);
  std::size_t waiting() const { return totals().inside(); }  // an estimate, for metrics
  InOutTotals totals() const;                                // ever pushed, and ever popped
  std::size_t capacity_blocks() const { return pool_.capacity_blocks(); }
  BlockPool& blocks() const { return pool_; }

 private:
  struct State;
  BlockPool& pool_;
  CoarseTime now_;  // the producer's
  std::unique_ptr<State> state_;
};

}  // namespace assent
