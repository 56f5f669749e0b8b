// Who joins and who leaves in mid-call, and what that does to the gates of the others.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

TEST_CASE("a late joiner turns open all-party gates back to holding, and what was open stays kept") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.grant_durably(1);
  call.join();
  CHECK(call.gates() == std::vector{Gate::holding, Gate::holding, Gate::holding});
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.why == TurnCause::joined);
  CHECK(turn.queued == QueuedAudio::keep);
  CHECK(turn.epoch == ConsentEpoch(2));
  CHECK(turn.valid_from == ConsentEpoch(1));
  call.grant_durably(2);
  CHECK(call.gates() == std::vector{Gate::open, Gate::open, Gate::open});
}

TEST_CASE("a late joiner who denies closes all-party gates, and what was open stays kept") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.grant_durably(1);
  call.join();
  call.deny(2);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed, Gate::closed});
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  CHECK(call.valid_from(0) == ConsentEpoch(1));
}

TEST_CASE("who withdraws while a late joiner is asked has their queued audio dropped") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.grant_durably(1);
  call.join();
  call.withdraw(0);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::drop);
  CHECK(call.only_turn_of(1).queued == QueuedAudio::keep);
}

TEST_CASE("a late joiner does not concern the open gates of other policies") {
  for (const Policy policy : {Policy::per_party, Policy::one_party}) {
    VirtualCall call(settings_of(policy), 1);
    call.grant_durably(0);
    call.join();
    CHECK(call.gate(0) == Gate::open);
    CHECK(call.turns_of(0).empty());
    CHECK(call.gate(1) == (policy == Policy::one_party ? Gate::open : Gate::holding));
  }
}

TEST_CASE("a late joiner turns opening all-party gates back to holding") {
  VirtualCall call(settings_of(Policy::all_party), 1);
  const ConsentSeq seq = call.grant(0);
  call.join();
  CHECK(call.gate(0) == Gate::holding);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::leave);
  call.durable(seq);
  CHECK(call.gate(0) == Gate::holding);
}

TEST_CASE("a late joiner has their own deadline") {
  VirtualCall call(settings_of(Policy::all_party), 1);
  call.grant_durably(0);
  call.wait(600s);
  call.join();
  CHECK(call.gate(0) == Gate::holding);
  call.wait(59s);
  CHECK(call.gate(0) == Gate::holding);
  call.wait(1s);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
}

TEST_CASE("a second leg of who has granted is open from its first packet") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.out.clear();
  REQUIRE(call.call.add_leg(VirtualCall::person(0), call.at(), call.out).has_value());
  CHECK(call.gate(1) == Gate::open);
  CHECK(call.turns_of(0).empty());
}

TEST_CASE("somebody who joins without a leg has to agree, too") {
  VirtualCall call(settings_of(Policy::all_party), 1);
  call.grant_durably(0);
  call.out.clear();
  REQUIRE(call.call.join(call.at(), call.out).has_value());
  CHECK(call.gate(0) == Gate::holding);
  call.grant_durably(1);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("preroll bounds what a gate keeps that opens because somebody left") {
  ConsentSettings settings = settings_of(Policy::all_party);
  settings.preroll = Preroll::none();
  VirtualCall call(settings, 1);
  call.pause();  // so that nothing held was heard by who joins now
  call.join();
  call.grant_durably(0);
  call.leave(1);
  CHECK(call.only_turn_of(0).why == TurnCause::left);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
}

TEST_CASE("a second leg of who has denied is closed from its first packet") {
  VirtualCall call(settings_of(Policy::one_party), 2);
  call.deny(0);
  REQUIRE(call.call.add_leg(VirtualCall::person(0), call.at(), call.out).has_value());
  CHECK(call.gate(2) == Gate::closed);
}

TEST_CASE("who leaves takes their legs along, and what was pending of theirs expires") {
  VirtualCall call(settings_of(Policy::per_party), 2);
  call.grant_durably(0);
  call.leave(0);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::holding});
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  CHECK(call.out.changes.empty());
  call.leave(1);
  CHECK(call.gate(1) == Gate::closed);
  CHECK(call.only_turn_of(1).ring.kind == RingAction::Kind::wipe);
  REQUIRE(call.out.changes.size() == 1);
  CHECK(call.out.changes[0].decision == Decision::expired);
  CHECK(call.out.changes[0].signal.type == SignalType::leave);
}

TEST_CASE("a gate that opens because who had not agreed left keeps nothing of what was said before") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  REQUIRE(call.gate(0) == Gate::holding);
  call.leave(1);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.to == Gate::open);
  CHECK(turn.why == TurnCause::left);
  CHECK(turn.ring.kind == RingAction::Kind::wipe);
}

TEST_CASE("who leaves pending does not close the gates of who is still asked") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.leave(1);
  CHECK(call.gate(0) == Gate::holding);
  call.grant_durably(0);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("one-party ends when the only one who granted leaves") {
  VirtualCall call(settings_of(Policy::one_party), 2);
  call.grant_durably(0);
  REQUIRE(call.gate(1) == Gate::open);
  call.leave(0);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::holding});
  CHECK(call.only_turn_of(1).queued == QueuedAudio::keep);
}

TEST_CASE("a leg that leaves while its grant is on its way waits for the ledger") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  const ConsentSeq seq = call.grant(1);
  REQUIRE(call.gates() == std::vector{Gate::opening, Gate::opening});
  call.leave(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::opening});
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);  // it heard who has not durably agreed
  SECTION("durable: what it holds is admitted") {
    call.durable(seq);
    REQUIRE(call.turns_of(1).size() == 2);
    CHECK(call.turns_of(1)[0].to == Gate::open);
    CHECK(call.turns_of(1)[0].ring.kind == RingAction::Kind::keep_all);
    CHECK(call.turns_of(1)[1].why == TurnCause::left);
    CHECK(call.turns_of(0).empty());
  }
  SECTION("refused: what it holds is wiped") {
    call.refused(seq);
    CHECK(call.gate(1) == Gate::closed);
    CHECK(call.only_turn_of(1).ring.kind == RingAction::Kind::wipe);
    REQUIRE(call.out.changes.size() == 1);
    CHECK(call.out.changes[0].signal.type == SignalType::leave);
  }
}

TEST_CASE("what was said in front of somebody who left without agreeing is never admitted") {
  VirtualCall call(settings_of(Policy::all_party), 3);
  call.leave(2);
  call.grant(0);
  REQUIRE(call.gate(0) == Gate::holding);
  call.grant(1);
  CHECK(call.only_turn_of(0).to == Gate::opening);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
}

TEST_CASE("what was said in front of somebody who agreed and left is kept, unless they take it back") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(1);
  call.leave(1);
  SECTION("kept") {
    call.grant(0);
    CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::keep_all);
  }
  SECTION("taken back before the opt-in") {
    call.withdraw(1);
    call.grant(0);
    CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  }
  SECTION("taken back while the opt-in is on its way") {
    const ConsentSeq seq = call.grant(0);
    call.withdraw(1);
    call.durable(seq);
    CHECK(call.only_turn_of(0).to == Gate::open);
    CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  }
}

TEST_CASE("a leg that is removed closes, and its participant stays") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  REQUIRE(call.call.remove_leg(VirtualCall::leg(1), call.at(), call.out).has_value());
  CHECK(call.gates() == std::vector{Gate::holding, Gate::closed});
  call.grant_durably(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::closed});
}

TEST_CASE("who has left can withdraw but not grant") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.leave(0);
  call.withdraw(0);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::drop);
  CHECK(call.decide(0, Decision::granted, kQuality).error().code == Errc::conflict);
}

TEST_CASE("participants and legs are bounded, and those that left count") {
  VirtualCall call(settings_of(Policy::all_party), limits::kParticipantsPerCall);
  call.leave(3);
  CHECK(call.call.join(call.at(), call.out).error().code == Errc::exhausted);
  CHECK(call.call.add_leg(VirtualCall::person(0), call.at(), call.out).error().code == Errc::exhausted);
  CHECK(call.call.add_leg(VirtualCall::person(77), call.at(), call.out).error().code == Errc::not_found);
  CHECK(call.call.add_leg(VirtualCall::person(3), call.at(), call.out).error().code == Errc::conflict);
  CHECK(call.call.leave(VirtualCall::person(3), call.at(), call.out).error().code == Errc::conflict);
  CHECK(call.call.remove_leg(VirtualCall::leg(3), call.at(), call.out).error().code == Errc::conflict);
  CHECK(call.call.remove_leg(VirtualCall::leg(77), call.at(), call.out).error().code == Errc::not_found);
}

TEST_CASE("an outcome that is used again does not grow") {
  VirtualCall call(settings_of(Policy::all_party), limits::kParticipantsPerCall);
  const auto* turns = call.out.turns.data();
  const auto* changes = call.out.changes.data();
  for (unsigned i = 0; i < limits::kParticipantsPerCall; ++i) call.grant_durably(i);
  CHECK(call.gate(0) == Gate::open);
  call.pause();
  call.resume();
  call.withdraw(5);
  call.end();
  CHECK(call.out.turns.data() == turns);
  CHECK(call.out.changes.data() == changes);
}
