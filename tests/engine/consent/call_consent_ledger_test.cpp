// Consent is durable before audio is: what a gate does between a grant and the ledger's answer.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

TEST_CASE("a granted gate holds on until its record is durable") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0);
  CHECK(call.only_turn_of(0).to == Gate::opening);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::keep_all);
  CHECK(call.admission(0) == Admission::hold);
  CHECK(call.call.purposes(VirtualCall::leg(0)).empty());
  call.durable(seq);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.from == Gate::opening);
  CHECK(turn.to == Gate::open);
  CHECK(turn.why == TurnCause::durable);
  CHECK(turn.ring.kind == RingAction::Kind::keep_all);
  CHECK(turn.after == Admission::admit);
}

TEST_CASE("all-party waits for the records of all") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  const ConsentSeq first = call.grant(0);
  CHECK(call.gate(0) == Gate::holding);
  const ConsentSeq second = call.grant(1);
  CHECK(call.gates() == std::vector{Gate::opening, Gate::opening});
  call.durable(second);
  CHECK(call.gates() == std::vector{Gate::opening, Gate::opening});
  call.durable(first);
  CHECK(call.gates() == std::vector{Gate::open, Gate::open});
}

TEST_CASE("a grant that the ledger refuses does not count, and the gate holds again") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.refused(call.grant(0));
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.to == Gate::holding);
  CHECK(turn.why == TurnCause::refused);
  CHECK(turn.ring.kind == RingAction::Kind::leave);
  CHECK(turn.epoch == ConsentEpoch(2));
  CHECK(call.state(0) == ConsentState::pending);
  call.grant_durably(0);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a refused grant after a denial leaves the gate closed") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.deny(0);
  const ConsentSeq seq = call.grant(0);
  REQUIRE(call.gate(0) == Gate::opening);
  call.refused(seq);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  CHECK(call.state(0) == ConsentState::denied);
}

TEST_CASE("a grant refused after the deadline expires") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.wait(59s);
  const ConsentSeq seq = call.grant(0);
  call.wait(2s);
  CHECK(call.gate(0) == Gate::opening);
  CHECK(call.out.empty());
  call.refused(seq);
  CHECK(call.gate(0) == Gate::closed);
  REQUIRE(call.out.changes.size() == 1);
  CHECK(call.out.changes[0].decision == Decision::expired);
  CHECK(call.out.changes[0].signal.type == SignalType::deadline);
}

TEST_CASE("a withdrawal before the record is durable closes for good") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0);
  call.withdraw(0);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  call.durable(seq);
  CHECK(call.out.empty());
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a purpose that is withdrawn while another's record is on its way ends admission until that one is durable") {
  VirtualCall call(settings_of(Policy::per_party, kBoth), 1);
  call.grant_durably(0, kQuality);
  const ConsentSeq training = call.grant(0, kTraining);
  CHECK(call.gate(0) == Gate::open);
  call.withdraw(0, kQuality);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.from == Gate::open);
  CHECK(turn.to == Gate::opening);
  CHECK(turn.queued == QueuedAudio::drop);
  CHECK(turn.epoch == ConsentEpoch(2));
  call.durable(training);
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.call.purposes(VirtualCall::leg(0)) == kTraining);
}

TEST_CASE("answers about unknown records and about refusals change nothing") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.deny(0);
  const ConsentSeq denial = call.out.changes[0].seq;
  for (const ConsentSeq seq : {denial, ConsentSeq(0), ConsentSeq(99)}) {
    call.durable(seq);
    CHECK(call.out.empty());
    call.refused(seq);
    CHECK(call.out.empty());
  }
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.state(0) == ConsentState::denied);
}

TEST_CASE("an answer that comes twice counts once") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0);
  call.durable(seq);
  call.refused(seq);
  CHECK(call.out.empty());
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a call that ends while a gate is opening admits what is held once the record is durable") {
  VirtualCall call(settings_of(Policy::per_party), 2);
  const ConsentSeq seq = call.grant(0);
  call.end();
  CHECK(call.gates() == std::vector{Gate::opening, Gate::closed});
  CHECK(call.admission(0) == Admission::discard);
  CHECK_FALSE(call.call.settled());
  call.durable(seq);
  const auto turns = call.turns_of(0);
  REQUIRE(turns.size() == 2);
  CHECK(turns[0].to == Gate::open);
  CHECK(turns[0].ring.kind == RingAction::Kind::keep_all);
  CHECK(turns[1].to == Gate::closed);
  CHECK(turns[1].why == TurnCause::ended);
  CHECK(turns[1].queued == QueuedAudio::keep);
  CHECK(call.valid_from(0) == ConsentEpoch(1));
  CHECK(call.call.settled());
}

TEST_CASE("a call that ends while a gate is opening wipes what is held when the ledger refuses") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0);
  call.end();
  call.refused(seq);
  CHECK(call.only_turn_of(0).to == Gate::closed);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  REQUIRE(call.out.changes.size() == 1);
  CHECK(call.out.changes[0].signal.type == SignalType::hangup);
  CHECK(call.call.settled());
}

TEST_CASE("a withdrawal after the end wipes what still waits for the ledger") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0);
  call.end();
  call.withdraw(0);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  call.durable(seq);
  CHECK(call.out.empty());
}
