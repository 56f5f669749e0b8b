// Every policy with every decision, and what each turn asks of the shard.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

TEST_CASE("every gate starts by holding") {
  for (const Policy policy : {Policy::all_party, Policy::per_party, Policy::one_party}) {
    const VirtualCall call(settings_of(policy), 2);
    CHECK(call.gates() == std::vector{Gate::holding, Gate::holding});
    CHECK(call.admission(0) == Admission::hold);
    CHECK(call.state(0) == ConsentState::pending);
    CHECK(call.epoch(0) == ConsentEpoch(1));
  }
}

TEST_CASE("all-party opens every gate when the last one has granted") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  CHECK(call.gates() == std::vector{Gate::holding, Gate::holding});
  CHECK(call.out.turns.empty());
  call.grant_durably(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::open});
  CHECK(call.call.purposes(VirtualCall::leg(0)) == kQuality);
}

TEST_CASE("all-party closes every gate when one denies") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.deny(1);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
  CHECK(call.only_turn_of(0).why == TurnCause::denied);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
}

TEST_CASE("all-party closes every gate when one withdraws") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.grant_durably(1);
  call.withdraw(0);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
  CHECK(call.only_turn_of(1).why == TurnCause::withdrawn);
  CHECK(call.only_turn_of(1).queued == QueuedAudio::drop);
}

TEST_CASE("per-party opens and closes each leg by its own participant") {
  VirtualCall call(settings_of(Policy::per_party), 2);
  call.grant_durably(0);
  CHECK(call.gates() == std::vector{Gate::open, Gate::holding});
  call.deny(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::closed});
  call.withdraw(0);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
}

TEST_CASE("one-party opens every gate when one has granted") {
  VirtualCall call(settings_of(Policy::one_party), 3);
  call.grant_durably(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::open, Gate::open});
}

TEST_CASE("one-party keeps the leg of who denied closed, whatever the others grant") {
  VirtualCall call(settings_of(Policy::one_party), 2);
  call.deny(1);
  CHECK(call.gates() == std::vector{Gate::holding, Gate::closed});
  call.grant_durably(0);
  CHECK(call.gates() == std::vector{Gate::open, Gate::closed});
}

TEST_CASE("one-party closes the leg of who denies after another has granted") {
  VirtualCall call(settings_of(Policy::one_party), 2);
  call.grant_durably(0);
  REQUIRE(call.gate(1) == Gate::open);
  call.deny(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::closed});
  CHECK(call.only_turn_of(1).queued == QueuedAudio::drop);
}

TEST_CASE("one-party goes back to holding where the only grant is withdrawn and others may still grant") {
  VirtualCall call(settings_of(Policy::one_party), 2);
  call.grant_durably(0);
  call.withdraw(0);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::holding});
  CHECK(call.only_turn_of(1).queued == QueuedAudio::drop);
  CHECK(call.epoch(1) == ConsentEpoch(2));
}

TEST_CASE("a withdrawal closes at once, moves the epoch and drops what is queued") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  REQUIRE(call.epoch(0) == ConsentEpoch(1));
  call.withdraw(0);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.from == Gate::open);
  CHECK(turn.to == Gate::closed);
  CHECK(turn.before == Admission::admit);
  CHECK(turn.after == Admission::discard);
  CHECK(turn.ring.kind == RingAction::Kind::wipe);
  CHECK(turn.queued == QueuedAudio::drop);
  CHECK(turn.epoch == ConsentEpoch(2));
  CHECK(turn.valid_from == ConsentEpoch(2));
  CHECK(call.admission(0) == Admission::discard);
}

TEST_CASE("a grant after a withdrawal is a new record and opens from that moment") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq first = call.grant(0);
  call.durable(first);
  call.withdraw(0);
  const ConsentSeq second = call.grant(0);
  CHECK(second > first);
  CHECK(call.only_turn_of(0).from == Gate::closed);
  CHECK(call.only_turn_of(0).to == Gate::opening);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  call.durable(second);
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.epoch(0) == ConsentEpoch(2));
  CHECK(call.valid_from(0) == ConsentEpoch(2));
}

TEST_CASE("a grant after a denial opens again") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  call.deny(1);
  REQUIRE(call.gate(0) == Gate::closed);
  call.grant_durably(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::open});
  CHECK(call.state(1) == ConsentState::granted);
}

TEST_CASE("a denial of what was granted is a withdrawal, and a withdrawal of what was not is a denial") {
  VirtualCall call(settings_of(Policy::per_party), 2);
  call.grant_durably(0);
  call.deny(0);
  CHECK(call.out.changes[0].decision == Decision::withdrawn);
  call.withdraw(1);
  CHECK(call.out.changes[0].decision == Decision::denied);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
}

TEST_CASE("a refusal without purposes concerns all of them, each with its own record") {
  VirtualCall call(settings_of(Policy::per_party, kBoth), 1);
  call.grant_durably(0, kQuality);
  call.withdraw(0);
  REQUIRE(call.out.changes.size() == 2);
  CHECK(call.out.changes[0].decision == Decision::withdrawn);
  CHECK(call.out.changes[0].purposes == kQuality);
  CHECK(call.out.changes[1].decision == Decision::denied);
  CHECK(call.out.changes[1].purposes == kTraining);
  CHECK(call.out.changes[1].seq > call.out.changes[0].seq);
}

TEST_CASE("a gate stays open while one purpose is left") {
  VirtualCall call(settings_of(Policy::all_party, kBoth), 2);
  call.grant_durably(0, kBoth);
  call.grant_durably(1, kBoth);
  call.withdraw(0, kQuality);
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.out.turns.empty());
  CHECK(call.call.purposes(VirtualCall::leg(1)) == kTraining);
  call.withdraw(1, kTraining);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("all-party needs one purpose that everybody shares") {
  VirtualCall call(settings_of(Policy::all_party, kBoth), 2);
  call.grant_durably(0, kQuality);
  call.grant_durably(1, kTraining);
  CHECK(call.gate(0) == Gate::holding);
  call.deny(0, kTraining);
  CHECK(call.gate(0) == Gate::holding);
  call.deny(1, kQuality);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a decision that changes nothing makes no record and no turn") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  REQUIRE(call.decide(0, Decision::granted, kQuality).has_value());
  CHECK(call.out.empty());
  call.withdraw(0);
  call.withdraw(0);
  CHECK(call.out.empty());
}

TEST_CASE("wrong decisions are refused and change nothing") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  CHECK(call.decide(0, Decision::granted).error().code == Errc::invalid);
  CHECK(call.decide(0, Decision::granted, kTraining).error().code == Errc::invalid);
  CHECK(call.decide(0, Decision::withdrawn, kTraining).error().code == Errc::invalid);
  CHECK(call.decide(0, Decision::expired, kQuality).error().code == Errc::invalid);
  CHECK(call.decide(1, Decision::granted, kQuality).error().code == Errc::not_found);
  CHECK(call.decide(255, Decision::denied).error().code == Errc::not_found);
  const auto by = [&call](const Signal& signal) {
    return call.call.decide(VirtualCall::person(0), Decision::granted, kQuality, signal, call.at(), call.out);
  };
  CHECK(by({SignalType::deadline, ""}).error().code == Errc::invalid);
  CHECK(by({SignalType::api, std::string(limits::kRefBytes + 1, 'x')}).error().code == Errc::invalid);
  CHECK(call.out.empty());
  CHECK(call.state(0) == ConsentState::pending);
}

TEST_CASE("a change carries its signal and its moment") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.wait(7s);
  call.grant(0);
  const ConsentChange& change = call.out.changes[0];
  CHECK(change.signal == Signal{SignalType::api, "test"});
  CHECK(change.at.media == call.at().media);
  CHECK(change.at.now.mono == MonoTime(1007s));
  CHECK(call.only_turn_of(0).at.media == call.at().media);
}

TEST_CASE("after the end a withdrawal still drops what is queued") {
  VirtualCall call(settings_of(Policy::per_party), 2);
  call.grant_durably(0);
  call.grant_durably(1);
  call.end();
  REQUIRE(call.valid_from(0) == ConsentEpoch(1));
  call.withdraw(0);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.from == Gate::closed);
  CHECK(turn.to == Gate::closed);
  CHECK(turn.queued == QueuedAudio::drop);
  CHECK(turn.valid_from > ConsentEpoch(1));
  CHECK(call.turns_of(1).empty());
}

TEST_CASE("after the end nobody can grant, join or leave") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.end();
  CHECK(call.decide(0, Decision::granted, kQuality).error().code == Errc::conflict);
  CHECK(call.call.join(call.at(), call.out).error().code == Errc::conflict);
  CHECK(call.call.add_leg(VirtualCall::person(0), call.at(), call.out).error().code == Errc::conflict);
  CHECK(call.call.leave(VirtualCall::person(0), call.at(), call.out).error().code == Errc::conflict);
  CHECK(call.call.remove_leg(VirtualCall::leg(0), call.at(), call.out).error().code == Errc::conflict);
}

TEST_CASE("settings out of their range are refused") {
  const auto refused = [](auto change) {
    ConsentSettings settings = settings_of(Policy::all_party);
    change(settings);
    return !CallConsent::create(settings).has_value();
  };
  CHECK(refused([](ConsentSettings& s) { s.purposes = {}; }));
  CHECK(refused([](ConsentSettings& s) { s.hold = -1ns; }));
  CHECK(refused([](ConsentSettings& s) { s.hold = limits::kHoldMax + 1ns; }));
  CHECK(refused([](ConsentSettings& s) { s.deadline = 0s; }));
  CHECK(refused([](ConsentSettings& s) { s.deadline = limits::kDeadlineMax + 1ns; }));
  CHECK(refused([](ConsentSettings& s) { s.preroll = Preroll::last(s.hold + 1ns); }));
  CHECK(refused([](ConsentSettings& s) { s.preroll = Preroll::last(-1s); }));
  CHECK_FALSE(refused([](ConsentSettings& s) { s.preroll = Preroll::last(s.hold); }));
}
