// LedgerLease: until when what was consented to may be recorded, though nobody knows whether the ledger can still be
// written.
//
// Each commit of the catalog proves that it can, from the moment the commit began: one that hangs proves nothing until
// it is done, and then only for a time that is past by as long as it took. Without a proof for as long as the lease is
// long, gates are suspended (engine/consent/call_consent.h), and the next proof ends that. The lease runs out by the
// monotonic clock or the wall clock, whichever gets there first: so neither a clock that is set back nor a machine that
// sleeps makes it longer. Before the first proof it is over.
//
// Prover: the catalog's writer. Readers: every shard, once a sweep, without a lock, and whoever tells of it. All loads
// and stores are relaxed: a reader that sees a proof late, or one clock of it before the other, ends the lease early
// for a sweep, never late. Pure: whoever asks brings the time.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/limits.h"
#include "base/time.h"

namespace assent {

class LedgerLease {
 public:
  explicit LedgerLease(nanoseconds length = limits::kLeaseDefault) : length_ns_(length.count()) {}
  LedgerLease(const LedgerLease&) = delete;
  LedgerLease& operator=(const LedgerLease&) = delete;

  nanoseconds length() const { return nanoseconds(length_ns_.load(std::memory_order_relaxed)); }
  void set_length(nanoseconds length) { length_ns_.store(length.count(), std::memory_order_relaxed); }

  // ---- the prover ----
  // The ledger has been written, by a commit that began then.
  void prove(Now began) {
    wall_ns_.store(began.wall.time_since_epoch().count(), std::memory_order_relaxed);
    mono_ns_.store(began.mono.time_since_epoch().count(), std::memory_order_relaxed);
  }
  // So early that the lease does not run out while the proof is made.
  bool is_proof_due(Now now) const { return is_older_than(length() / limits::kLeaseProofs, now); }

  // ---- any thread ----
  bool is_over(Now now) const { return is_older_than(length(), now); }
  // Since the last proof began; nothing before the first.
  std::optional<nanoseconds> age(MonoTime now) const {
    const std::int64_t proven = mono_ns_.load(std::memory_order_relaxed);
    if (proven == kNever) return std::nullopt;
    return now - MonoTime(nanoseconds(proven));
  }

  // Gates have been suspended, says a shard; the first one to say so begins a lapse.
  void note_lapse(WallTime at) {
    std::int64_t none = kNever;
    const std::int64_t at_ns = at.time_since_epoch().count();
    if (lapsed_ns_.compare_exchange_strong(none, at_ns, std::memory_order_relaxed)) {
      lapses_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  // The lapse that nobody has ended yet.
  std::optional<WallTime> lapsed_at() const {
    const std::int64_t at_ns = lapsed_ns_.load(std::memory_order_relaxed);
    if (at_ns == kNever) return std::nullopt;
    return WallTime(nanoseconds(at_ns));
  }
  // By whoever tells of lapses, once it sees that the lease is not over any more.
  void end_lapse() { lapsed_ns_.store(kNever, std::memory_order_relaxed); }
  std::uint64_t lapses() const { return lapses_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t kNever = INT64_MIN;

  bool is_older_than(nanoseconds time, Now now) const {
    const std::int64_t mono_ns = mono_ns_.load(std::memory_order_relaxed);
    if (mono_ns == kNever) return true;
    const WallTime wall(nanoseconds(wall_ns_.load(std::memory_order_relaxed)));
    return now.mono - MonoTime(nanoseconds(mono_ns)) >= time || now.wall - wall >= time;
  }

  std::atomic<std::int64_t> mono_ns_{kNever};  // when the last proof began, by both clocks
  std::atomic<std::int64_t> wall_ns_{0};
  std::atomic<std::int64_t> length_ns_;
  std::atomic<std::int64_t> lapsed_ns_{kNever};
  std::atomic<std::uint64_t> lapses_{0};
};

}  // namespace assent
