// ReorderWindow: puts the packets of one stream back into the order of their sequence numbers.
//
// A packet that is the next one passes straight through. One that is ahead is held, for at most the window counted from
// its arrival; then what is missing before it is given up as lost, and things go on. Duplicates, and packets that come
// after they were given up, are dropped. A jump too large for loss is a stream that began anew when a second packet
// follows it in sequence (RFC 3550 appendix A.1, which would drop the first of the two; here it is held); alone it is a
// stray. Whose stream it is (SSRC, source) the caller knows: `restart` when that changes.
//
// Owns the packets it holds; `discard` destroys them at any time, also from within a delivery. Bounded by
// limits::kReorderPackets; what only disorder needs is allocated when the first packet is out of its place, since most
// streams keep their order: until then a stream is half a cache line.
// Pure; one thread, the leg's. Packet is any movable handle; Deliver is called as deliver(Packet&&, MonoTime arrival).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/time.h"
#include "codecs/rtp.h"

namespace assent {

struct ReorderCounts {
  std::uint64_t lost = 0;        // sequence numbers given up
  std::uint64_t late = 0;        // came after they were given up, or before the stream's first
  std::uint64_t duplicated = 0;  // delivered or held already
  std::uint64_t reordered = 0;   // came after a later one and were still in time
  std::uint64_t strays = 0;      // far from the stream, and nothing followed
  std::uint64_t restarts = 0;    // jumps believed
};

template <typename Packet>
class ReorderWindow {
 public:
  explicit ReorderWindow(nanoseconds window) : window_(window) {}

  template <typename Deliver>
  void push(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver&& deliver);

  // Delivers what has waited for the whole window. Costs two comparisons when nothing is held.
  template <typename Deliver>
  void poll(MonoTime now, Deliver&& deliver);

  // Delivers everything held, in order, without waiting: the stream has ended or another begins.
  template <typename Deliver>
  void flush(Deliver&& deliver);

  // The next packet, whatever its number, is the first of a new stream. What is held is destroyed: flush first to keep
  // it.
  void restart() {
    discard();
    started_ = false;
  }

  // Destroys every packet held; the stream goes on with the next that comes.
  void discard();

  // The number of the packet that passes straight through, when it is the next that comes; nothing while others wait.
  std::optional<SequenceNumber> expected() const {
    return started_ && !is_waiting() ? std::optional(expected_) : std::nullopt;
  }
  // So many packets came in sequence, and were delivered by the caller itself.
  void passed(std::size_t packets) {
    expected_ = after_expected(static_cast<int>(packets));
    delivered_ = packets < kHistory ? (delivered_ << packets) | ((std::uint64_t{1} << packets) - 1) : ~std::uint64_t{0};
  }

  std::size_t held() const { return held_; }
  bool is_waiting() const { return held_ != 0 || has_stray_; }
  // When `poll` next has something to do; only while something waits.
  MonoTime waits_until() const {
    const MonoTime held = held_ != 0 ? store_->earliest + window_ : MonoTime::max();
    return has_stray_ ? std::min(held, store_->stray->arrival + kStrayWait) : held;
  }
  ReorderCounts counts() const { return store_ ? store_->counts : ReorderCounts(); }

 private:
  struct Held {
    Packet packet;
    MonoTime arrival;
  };
  struct Store {
    std::array<std::optional<Held>, limits::kReorderPackets> slots;
    std::optional<Held> stray;
    SequenceNumber stray_sequence;
    SequenceNumber highest;  // of the packets held
    MonoTime earliest;       // arrival of the packet held longest
    ReorderCounts counts;
  };
  static_assert(std::has_single_bit(limits::kReorderPackets), "a sequence number's slot must survive the wrap at 2^16");

  // RFC 3550 appendix A.1: more than this ahead, or more than that behind, is not loss or disorder but another place.
  static constexpr int kMaxDropout = 3000;
  static constexpr int kMaxMisorder = 100;
  static constexpr int kHistory = 64;  // bits of delivered_
  // A stray waits this long for its successor, so that packets of 60 ms may restart, too.
  static constexpr nanoseconds kStrayWait = limits::kReorderWindowMax;

  // Made where a packet is first out of its place. Where something is held, or a stray, it is there.
  Store& store() {
    if (!store_) store_ = std::make_unique<Store>();
    return *store_;
  }
  std::optional<Held>& slot(SequenceNumber sequence) { return store_->slots[sequence.value % limits::kReorderPackets]; }
  SequenceNumber after_expected(int count) const {
    return SequenceNumber(static_cast<std::uint16_t>(expected_.value + count));
  }

  template <typename Deliver>
  void pass(Packet&& packet, MonoTime arrival, Deliver& deliver);
  template <typename Deliver>
  void push_ahead(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver& deliver);
  template <typename Deliver>
  void push_far(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver& deliver);
  void count_behind(int behind);

  void hold(SequenceNumber sequence, Packet&& packet, MonoTime now);
  template <typename Deliver>
  void release_run(Deliver& deliver);
  template <typename Deliver>
  void give_up_before(SequenceNumber sequence, Deliver& deliver);
  void skip(int count);
  void drop_stray();
  SequenceNumber lowest_held();
  void find_earliest();

  nanoseconds window_;
  SequenceNumber expected_;
  bool started_ = false;
  bool has_stray_ = false;
  std::uint16_t held_ = 0;
  std::uint16_t discards_ = 0;    // lets a call notice that a delivery it made discarded everything
  std::uint64_t delivered_ = 0;   // bit n: the packet n + 1 before the expected one was delivered
  std::unique_ptr<Store> store_;  // null until a packet is out of its place
};

// ---- in order -----------------------------------------------------------------------------------------------------

template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::push(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver&& deliver) {
  if (!started_) {
    started_ = true;
    expected_ = sequence;
    delivered_ = 0;
  }
  const int ahead = distance(expected_, sequence);
  if (ahead == 0) {
    if (held_ != 0) ++store_->counts.reordered;
    pass(std::move(packet), now, deliver);
    if (held_ != 0) release_run(deliver);
  } else if (ahead > 0 && ahead < kMaxDropout) {
    push_ahead(sequence, std::move(packet), now, deliver);
  } else if (ahead < 0 && ahead >= -kMaxMisorder) {
    count_behind(-ahead);
  } else {
    push_far(sequence, std::move(packet), now, deliver);
  }
}

template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::pass(Packet&& packet, MonoTime arrival, Deliver& deliver) {
  expected_ = next(expected_);
  delivered_ = (delivered_ << 1) | 1U;
  deliver(std::move(packet), arrival);
}

// ---- ahead: held until what is missing comes, or its time is over ---------------------------------------------------

template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::push_ahead(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver& deliver) {
  constexpr int kRoom = static_cast<int>(limits::kReorderPackets);
  const auto discards = discards_;
  const int over = distance(expected_, sequence) - (kRoom - 1);
  if (over > 0) {
    give_up_before(after_expected(over), deliver);
    release_run(deliver);
    if (discards != discards_) return;
  }
  if (sequence == expected_) {
    pass(std::move(packet), now, deliver);
  } else {
    hold(sequence, std::move(packet), now);
  }
}

template <typename Packet>
void ReorderWindow<Packet>::hold(SequenceNumber sequence, Packet&& packet, MonoTime now) {
  (void)store();
  auto& place = slot(sequence);
  if (place) {
    ++store_->counts.duplicated;
    return;
  }
  if (held_ == 0) store_->earliest = now;
  if (held_ == 0 || distance(store_->highest, sequence) > 0) {
    store_->highest = sequence;
  } else {
    ++store_->counts.reordered;
  }
  place.emplace(Held{std::move(packet), now});
  ++held_;
}

template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::poll(MonoTime now, Deliver&& deliver) {
  while (held_ != 0 && now - store_->earliest >= window_) {
    give_up_before(lowest_held(), deliver);
    release_run(deliver);
  }
  if (has_stray_ && now - store_->stray->arrival >= kStrayWait) drop_stray();
}

template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::flush(Deliver&& deliver) {
  while (held_ != 0) {
    give_up_before(lowest_held(), deliver);
    release_run(deliver);
  }
  drop_stray();
}

// Delivers the packets held from the expected one on, up to the next gap.
template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::release_run(Deliver& deliver) {
  while (held_ != 0 && slot(expected_)) {
    Held first = std::move(*slot(expected_));
    slot(expected_).reset();
    --held_;
    pass(std::move(first.packet), first.arrival, deliver);
  }
  if (held_ != 0) find_earliest();
}

// Moves on to `sequence`: what is held before it is delivered, what is missing is lost.
template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::give_up_before(SequenceNumber sequence, Deliver& deliver) {
  while (held_ != 0 && distance(expected_, sequence) > 0) {
    if (slot(expected_)) {
      release_run(deliver);
    } else {
      skip(1);
    }
  }
  if (const int rest = distance(expected_, sequence); rest > 0) skip(rest);
}

template <typename Packet>
void ReorderWindow<Packet>::skip(int count) {
  store().counts.lost += static_cast<std::uint64_t>(count);
  expected_ = after_expected(count);
  delivered_ = count < kHistory ? delivered_ << count : 0;
}

template <typename Packet>
SequenceNumber ReorderWindow<Packet>::lowest_held() {
  SequenceNumber sequence = expected_;
  while (!slot(sequence)) sequence = next(sequence);
  return sequence;
}

template <typename Packet>
void ReorderWindow<Packet>::find_earliest() {
  store_->earliest = MonoTime::max();
  for (const auto& each : store_->slots) {
    if (each && each->arrival < store_->earliest) store_->earliest = each->arrival;
  }
}

// ---- behind and far away --------------------------------------------------------------------------------------------

template <typename Packet>
void ReorderWindow<Packet>::count_behind(int behind) {
  const bool was_delivered = behind <= kHistory && ((delivered_ >> (behind - 1)) & 1U) != 0;
  ++(was_delivered ? store().counts.duplicated : store().counts.late);
}

template <typename Packet>
template <typename Deliver>
void ReorderWindow<Packet>::push_far(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver& deliver) {
  if (!has_stray_ || sequence != next(store_->stray_sequence)) {
    drop_stray();
    store().stray.emplace(Held{std::move(packet), now});
    store_->stray_sequence = sequence;
    has_stray_ = true;
    return;
  }
  const auto discards = discards_;
  Held first = std::move(*store_->stray);
  store_->stray.reset();
  has_stray_ = false;
  flush(deliver);
  ++store_->counts.restarts;
  expected_ = store_->stray_sequence;
  delivered_ = 0;
  if (discards == discards_) pass(std::move(first.packet), first.arrival, deliver);
  if (discards == discards_) pass(std::move(packet), now, deliver);
}

template <typename Packet>
void ReorderWindow<Packet>::drop_stray() {
  if (!has_stray_) return;
  store_->stray.reset();
  has_stray_ = false;
  ++store_->counts.strays;
}

template <typename Packet>
void ReorderWindow<Packet>::discard() {
  ++discards_;
  if (held_ != 0) {
    for (auto& each : store_->slots) each.reset();
    held_ = 0;
  }
  if (store_) store_->stray.reset();
  has_stray_ = false;
}

}  // namespace assent
