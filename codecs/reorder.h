// ReorderWindow: puts the packets of one stream back into the order of their sequence numbers.
//
// A packet that is the next one passes straight through. One that is ahead is held, for at most the window counted from
// its arrival; then what is missing before it is given up as lost, and things go on. Duplicates, and packets that come
// after they were given up, are dropped. A jump too large for loss is a stream that began anew when a second packet
// follows it in sequence (RFC 3550 appendix A.1, which would drop the first of the two; here it is held); alone it is a
// stray. Whose stream it is (SSRC, source) the caller knows: `restart` when that changes.
//
// Owns the packets it holds; `discard` destroys them at any time, also from within a delivery. Bounded by
// limits::kReorderPackets, allocates only when made, and in the in-order case touches none of the slots. Pure; one
// thread, the leg's. Packet is any movable handle; Deliver is called as deliver(Packet&&, MonoTime arrival).
#pragma once

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
  explicit ReorderWindow(nanoseconds window) : window_(window), slots_(std::make_unique<Slots>()) {}

  template <typename Deliver>
  void push(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver&& deliver);

  // Delivers what has waited for the whole window. Costs one comparison when nothing is held.
  template <typename Deliver>
  void poll(MonoTime now, Deliver&& deliver) {
    if (held_ != 0) release_due(now, deliver);
    if (stray_ && now - stray_->arrival > window_) drop_stray();
  }

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

  std::size_t held() const { return held_; }
  const ReorderCounts& counts() const { return counts_; }

 private:
  struct Held {
    Packet packet;
    MonoTime arrival;
  };
  using Slots = std::array<std::optional<Held>, limits::kReorderPackets>;
  static_assert(std::has_single_bit(limits::kReorderPackets), "a sequence number's slot must survive the wrap at 2^16");

  // RFC 3550 appendix A.1: more than this ahead, or more than that behind, is not loss or disorder but another place.
  static constexpr int kMaxDropout = 3000;
  static constexpr int kMaxMisorder = 100;

  std::optional<Held>& slot(SequenceNumber sequence) { return (*slots_)[sequence.value % limits::kReorderPackets]; }
  template <typename Deliver>
  void pass(Packet&& packet, MonoTime arrival, Deliver& deliver);
  template <typename Deliver>
  void release_run(Deliver& deliver);
  template <typename Deliver>
  void release_due(MonoTime now, Deliver& deliver);
  template <typename Deliver>
  void give_up_before(SequenceNumber sequence, Deliver& deliver);
  template <typename Deliver>
  void push_far(SequenceNumber sequence, Packet&& packet, MonoTime now, Deliver& deliver);
  void push_behind(int behind);
  void hold(SequenceNumber sequence, Packet&& packet, MonoTime now);
  void drop_stray();
  SequenceNumber lowest_held() const;
  void find_earliest();

  nanoseconds window_;
  SequenceNumber expected_;
  bool started_ = false;
  std::uint16_t held_ = 0;
  std::uint64_t delivered_ = 0;  // bit n: the packet n + 1 before the expected one was delivered
  MonoTime earliest_;            // arrival of the one held longest
  ReorderCounts counts_;
  std::unique_ptr<Slots> slots_;
  std::optional<Held> stray_;  // ...
  SequenceNumber stray_sequence_;
};

}  // namespace assent
