// HoldRing: the full blocks of a leg that nobody has consented to yet, oldest first.
//
// It owns the blocks and decides which go: the oldest when it is full, and those that `hold` or `preroll` rule out. A
// block that goes is destroyed, and its handle's destructor wipes it. It knows neither gates nor what is in a block.
// Its slots are allocated when it is made, given up when it is released, and made anew if a block is pushed after that.
// One thread (the shard that owns the leg). `Block` is a handle that can only be moved
// and is empty after that (std::unique_ptr, BlockRef).
//
// A block spans [first, end) of media time. Blocks are pushed in the order they were filled; their times may step back
// when a clock was corrected, so every block is judged by its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/consent/audio_use.h"

namespace assent {

struct HoldRingCounts {
  std::uint64_t held = 0;       // blocks pushed
  std::uint64_t displaced = 0;  // destroyed because the ring was full
  std::uint64_t aged = 0;       // destroyed by drop_older_than
  std::uint64_t cleared = 0;    // destroyed by what a turn keeps: keep_last, sort_out, drop_evidence and clear
};

template <typename Block>
class HoldRing {
  static_assert(std::is_nothrow_move_constructible_v<Block> && std::is_nothrow_move_assignable_v<Block>);
  static_assert(!std::is_copy_constructible_v<Block>, "held audio has one owner");

 public:
  struct Held {
    Block block;
    WallTime first;
    WallTime end;
    AudioUse use = AudioUse::recording;
  };

  explicit HoldRing(std::size_t capacity) : capacity_(capacity), slots_(capacity) { ASSENT_CHECK(capacity > 0); }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  const HoldRingCounts& counts() const { return counts_; }
  // Before this nothing is older than `hold`; nothing when it is empty.
  std::optional<WallTime> ages_at(nanoseconds hold) const {
    if (empty()) return std::nullopt;
    return slot(0)->end + hold;
  }
  nanoseconds span() const {  // from the oldest block's first to the youngest block's end
    return empty() ? nanoseconds(0) : slot(size_ - 1)->end - slot(0)->first;
  }
  // How much of that is evidence only: of its oldest blocks.
  nanoseconds evidence_span() const {
    nanoseconds span{0};
    for (std::size_t place = 0; place < size_ && slot(place)->use == AudioUse::evidence; ++place) {
      span = slot(place)->end - slot(0)->first;
    }
    return span;
  }

  void push(Block block, WallTime first, WallTime end, AudioUse use = AudioUse::recording) {
    if (slots_.empty()) slots_.resize(capacity_);
    if (size_ == capacity()) {
      remove_front();
      ++counts_.displaced;
    }
    slot(size_) = Held{std::move(block), first, end, use};
    ++size_;
    ++counts_.held;
  }

  std::optional<Held> pop_front() {
    if (empty()) return std::nullopt;
    std::optional<Held> oldest = std::move(slot(0));
    remove_front();
    return oldest;
  }

  // Nothing that ended at `time` or before it stays.
  void drop_older_than(WallTime time) {
    counts_.aged += remove_if([time](const Held& held) { return held.end <= time; });
  }

  // Nothing that was said more than `keep` before `now` stays, so a block that began before that goes as a whole.
  void keep_last(nanoseconds keep, WallTime now) {
    counts_.cleared += remove_if([from = now - keep](const Held& held) { return held.first < from; });
  }

  // What began at `recording_from` or later is recording, what began at `evidence_from` or later is evidence, and what
  // is neither goes.
  void sort_out(WallTime recording_from, WallTime evidence_from) {
    counts_.cleared +=
        remove_if([oldest = std::min(recording_from, evidence_from)](const Held& held) { return held.first < oldest; });
    for (std::size_t place = 0; place < size_; ++place) {
      Held& held = *slot(place);
      held.use = held.first < recording_from  ? AudioUse::evidence
                 : held.first < evidence_from ? AudioUse::recording
                                              : AudioUse::both;
    }
  }

  // What is evidence only goes, and nothing that stays is evidence.
  void drop_evidence() {
    counts_.cleared += remove_if([](const Held& held) { return held.use == AudioUse::evidence; });
    for (std::size_t place = 0; place < size_; ++place) slot(place)->use = AudioUse::recording;
  }

  void clear() {
    counts_.cleared += size_;
    while (!empty()) remove_front();
  }

  // Gives its memory up, if it is empty: nothing is going to be held soon.
  void release() {
    if (!empty()) return;
    slots_ = std::vector<std::optional<Held>>();
    head_ = 0;
  }

 private:
  std::optional<Held>& slot(std::size_t place) { return slots_[(head_ + place) % capacity_]; }
  const std::optional<Held>& slot(std::size_t place) const { return slots_[(head_ + place) % capacity_]; }

  void remove_front() {
    slot(0).reset();
    head_ = (head_ + 1) % capacity_;
    --size_;
  }

  // Time goes on, so what goes is nearly always a run at the front; only behind a corrected clock is there more to look
  // for.
  template <typename Condition>
  std::size_t remove_if(Condition condition) {
    const std::size_t before = size_;
    while (!empty() && condition(*slot(0))) remove_front();
    std::size_t kept = 0;
    for (std::size_t place = 0; place < size_; ++place) {
      if (condition(*slot(place))) {
        slot(place).reset();
        continue;
      }
      if (kept != place) {
        slot(kept) = std::move(slot(place));
        slot(place).reset();
      }
      ++kept;
    }
    size_ = kept;
    return before - kept;
  }

  std::size_t capacity_;
  std::vector<std::optional<Held>> slots_;  // as many as the capacity, or none
  std::size_t head_ = 0;                    // place of the oldest
  std::size_t size_ = 0;
  HoldRingCounts counts_;
};

}  // namespace assent
