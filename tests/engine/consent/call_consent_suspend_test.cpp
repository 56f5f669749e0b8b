// The lease: a ledger that does not answer for too long closes what is open and lets nothing open, until it answers.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

TEST_CASE("an open gate is suspended at the moment the lease is over, and opens again at the moment it is not") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.wait(10s);
  call.suspend();
  const GateTurn off = call.only_turn_of(0);
  CHECK(off.from == Gate::open);
  CHECK(off.to == Gate::suspended);
  CHECK(off.why == TurnCause::suspended);
  CHECK(off.before == Admission::admit);
  CHECK(off.after == Admission::discard);
  CHECK(off.at.media == call.at().media);
  CHECK(off.queued == QueuedAudio::keep);  // what was admitted before stays
  CHECK(off.epoch == ConsentEpoch(1));
  CHECK(call.call.suspended());
  CHECK(call.out.changes.empty());  // nobody took anything back

  call.wait(3s);
  CHECK(call.out.turns.empty());
  call.reinstate();
  const GateTurn on = call.only_turn_of(0);
  CHECK(on.to == Gate::open);
  CHECK(on.why == TurnCause::reinstated);
  CHECK(on.before == Admission::discard);
  CHECK(on.after == Admission::admit);
  CHECK(on.at.media == call.at().media);
}

TEST_CASE("being told twice that the ledger does not answer, or that it does, changes nothing") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.reinstate();
  CHECK(call.out.empty());
  call.suspend();
  call.suspend();
  CHECK(call.out.empty());
}

TEST_CASE("what nobody has agreed to goes on waiting while the ledger does not answer") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.suspend();
  CHECK(call.out.turns.empty());
  CHECK(call.gates() == std::vector<Gate>{Gate::holding, Gate::holding});
  CHECK(call.admission(0) == Admission::hold);
}

TEST_CASE("a grant while the ledger does not answer opens nothing before it answers, durable or not") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.suspend();
  const ConsentSeq seq = call.grant(0);
  CHECK(call.gate(0) == Gate::opening);
  call.durable(seq);  // a commit that took longer than the lease
  CHECK(call.gate(0) == Gate::opening);
  CHECK(call.admission(0) == Admission::hold);
  call.reinstate();
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::keep_all);
}

TEST_CASE("a ledger that answers again opens nothing whose record is still missing") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.suspend();
  const ConsentSeq seq = call.grant(0);
  call.reinstate();
  CHECK(call.gate(0) == Gate::opening);
  call.durable(seq);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a withdrawal while suspended takes effect at once and drops what is queued") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.grant_durably(1);
  call.suspend();
  CHECK(call.gates() == std::vector<Gate>{Gate::suspended, Gate::suspended});
  call.withdraw(1);
  CHECK(call.gates() == std::vector<Gate>{Gate::closed, Gate::closed});
  CHECK(call.only_turn_of(0).queued == QueuedAudio::drop);
  CHECK(call.only_turn_of(1).queued == QueuedAudio::drop);
  CHECK(call.valid_from(0) == ConsentEpoch(2));
  call.reinstate();
  CHECK(call.out.turns.empty());
}

TEST_CASE("a consent whose time is over while suspended does not open again") {
  ConsentSettings settings = settings_of(Policy::per_party);
  settings.validity = 20s;
  VirtualCall call(settings, 1);
  call.grant_durably(0);
  call.wait(15s);
  call.suspend();
  call.wait(5s);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  call.reinstate();
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a pause and the ledger's silence overlap in any order, and both must be over") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.pause();
  call.suspend();
  CHECK(call.gate(0) == Gate::paused);
  call.resume();
  CHECK(call.gate(0) == Gate::suspended);
  CHECK(call.admission(0) == Admission::discard);
  call.pause();
  CHECK(call.gate(0) == Gate::paused);
  call.reinstate();
  CHECK(call.gate(0) == Gate::paused);
  call.resume();
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a late joiner turns what is suspended back to holding, as what is open") {
  VirtualCall call(settings_of(Policy::all_party), 1);
  call.grant_durably(0);
  call.suspend();
  call.join();
  CHECK(call.gates() == std::vector<Gate>{Gate::holding, Gate::holding});
  const ConsentSeq seq = call.grant(1);
  call.durable(seq);
  CHECK(call.gates() == std::vector<Gate>{Gate::opening, Gate::opening});
  call.reinstate();
  CHECK(call.gates() == std::vector<Gate>{Gate::open, Gate::open});
}

TEST_CASE("a leg that comes while suspended, of somebody who agreed before, waits for the ledger") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.suspend();
  call.out.clear();
  REQUIRE(call.call.add_leg(VirtualCall::person(0), call.at(), call.out).has_value());
  CHECK(call.gate(1) == Gate::opening);
  call.reinstate();
  CHECK(call.gate(1) == Gate::open);
}

TEST_CASE("a call that ends while suspended closes, and what it admitted stays") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.suspend();
  call.end();
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  CHECK(call.call.settled());
}

TEST_CASE("a call that has ended waits for its record alone, and admits what it held when that is written") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0);
  call.suspend();
  call.end();
  CHECK_FALSE(call.call.settled());
  call.durable(seq);
  const auto turns = call.turns_of(0);
  REQUIRE(turns.size() == 2);
  CHECK(turns[0].to == Gate::open);
  CHECK(turns[0].ring.kind == RingAction::Kind::keep_all);
  CHECK(turns[1].to == Gate::closed);
  CHECK(call.call.settled());
}
