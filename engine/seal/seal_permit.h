// SealPermit: a leg's standing permission to have its admitted blocks sealed, and the way to take it back for good.
//
// A block carries the consent epoch in which it was admitted. A worker enters before it encrypts and leaves after; it
// may go on only while the permit is valid from that epoch or an earlier one. A withdrawal publishes a later epoch:
// from then on no worker enters with an older block, and once `quiet()` has been seen, none is inside either, so
// nothing is sealed later (the third invariant: the reply to a withdrawal waits for that).
//
// Shard thread: publish, quiet. Seal workers: Stay. The order is Dekker's: the worker announces itself, then reads the
// epoch; the shard writes the epoch, then reads the announcements; all four sequentially consistent, so at least one of
// the two sees the other.
#pragma once

#include <atomic>
#include <cstdint>

namespace assent {

class SealPermit {
 public:
  // Blocks of an epoch before `valid_from` must not be sealed any more.
  void publish(std::uint32_t valid_from) { valid_from_.store(valid_from, std::memory_order_seq_cst); }
  // No worker is encrypting a block of this leg at this moment.
  bool quiet() const { return inside_.load(std::memory_order_seq_cst) == 0; }

  // A worker's stay inside the permit, for one block.
  class Stay {
   public:
    Stay(SealPermit& permit, std::uint32_t block_epoch) : permit_(permit) {
      permit_.inside_.fetch_add(1, std::memory_order_seq_cst);
      allowed_ = block_epoch >= permit_.valid_from_.load(std::memory_order_seq_cst);
      // Who may not seal does not stay, so that quiet is not put off by blocks that are being voided.
      if (!allowed_) permit_.inside_.fetch_sub(1, std::memory_order_seq_cst);
    }
    ~Stay() {
      if (allowed_) permit_.inside_.fetch_sub(1, std::memory_order_seq_cst);
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

    bool allowed() const { return allowed_; }

   private:
    SealPermit& permit_;
    bool allowed_ = false;
  };

 private:
  std::atomic<std::uint32_t> valid_from_{0};
  std::atomic<std::uint32_t> inside_{0};
};

}  // namespace assent
