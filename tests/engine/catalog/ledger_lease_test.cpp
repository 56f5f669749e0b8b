// The lease in virtual time: by two clocks, from when a proof began.
#include "engine/catalog/ledger_lease.h"

#include "catch.h"

using namespace assent;

namespace {

constexpr Now kStart{MonoTime(1000s), WallTime(1'700'000'000s)};

Now later(nanoseconds by_mono, nanoseconds by_wall) { return {kStart.mono + by_mono, kStart.wall + by_wall}; }
Now later(nanoseconds by_both) { return later(by_both, by_both); }

}  // namespace

TEST_CASE("a lease is over before the first proof, and has no age") {
  const LedgerLease lease(30s);
  CHECK(lease.is_over(kStart));
  CHECK(lease.is_proof_due(kStart));
  CHECK_FALSE(lease.age(kStart.mono));
}

TEST_CASE("a lease runs from when the proof began, and a proof is due long before it ends") {
  LedgerLease lease(30s);
  lease.prove(kStart);
  CHECK_FALSE(lease.is_proof_due(later(6s - 1ns)));
  CHECK(lease.is_proof_due(later(6s)));
  CHECK_FALSE(lease.is_over(later(30s - 1ns)));
  CHECK(lease.is_over(later(30s)));
  CHECK(*lease.age(kStart.mono + 12s) == 12s);
  lease.prove(later(10s));  // of a commit that took until the 41st second: one second short
  CHECK(lease.is_over(later(41s)));
  lease.prove(later(11s + 1ns));
  CHECK_FALSE(lease.is_over(later(41s)));
}

TEST_CASE("no clock makes a lease longer, and one that is set on ends it until the next proof") {
  LedgerLease lease(30s);
  lease.prove(kStart);
  CHECK(lease.is_over(later(30s, -1000h)));  // the wall clock was set back
  CHECK(lease.is_over(later(1s, 30s)));      // the machine slept, or the wall clock was set on
  CHECK_FALSE(lease.is_over(later(1s, -1000h)));
  lease.prove(later(1s, 1000h));
  CHECK_FALSE(lease.is_over(later(2s, 1000h)));
}

TEST_CASE("a sweep that began before the proof did finds the lease running") {
  LedgerLease lease(30s);
  lease.prove(later(1ms));
  CHECK_FALSE(lease.is_over(kStart));
}

TEST_CASE("another length holds at once") {
  LedgerLease lease(30s);
  lease.prove(kStart);
  CHECK_FALSE(lease.is_over(later(20s)));
  lease.set_length(15s);
  CHECK(lease.is_over(later(20s)));
  CHECK(lease.is_proof_due(later(3s)));
}

TEST_CASE("the first shard to suspend begins a lapse, which counts once until it is ended") {
  LedgerLease lease(30s);
  CHECK_FALSE(lease.lapsed_at());
  lease.note_lapse(kStart.wall);
  lease.note_lapse(kStart.wall + 5ms);
  CHECK(lease.lapsed_at() == kStart.wall);
  CHECK(lease.lapses() == 1);
  lease.end_lapse();
  CHECK_FALSE(lease.lapsed_at());
  lease.note_lapse(kStart.wall + 1h);
  CHECK(lease.lapses() == 2);
}
