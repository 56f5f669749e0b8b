// Consents that are given for a time, in virtual time: when they end, on which clock, and what ends with them.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

namespace {

ConsentSettings valid_for(nanoseconds validity, Policy policy = Policy::per_party) {
  ConsentSettings settings = settings_of(policy);
  settings.validity = validity;
  return settings;
}

// A grant that says how long it is for, durable at once.
void grant_for(VirtualCall& call, unsigned who, const Validity& validity) {
  call.out.clear();
  REQUIRE(call.call.decide(VirtualCall::person(who), Decision::granted, kQuality, {}, call.at(), call.out, validity));
  REQUIRE(call.out.changes.size() == 1);
  call.durable(call.out.changes[0].seq);
}

}  // namespace

TEST_CASE("a consent for a time ends when that is over, not a moment earlier") {
  VirtualCall call(valid_for(300s), 1);
  const ConsentSeq seq = call.grant(0);
  CHECK(call.out.changes[0].until == call.at().now.wall + 300s);
  call.durable(seq);
  CHECK(call.call.next_deadline() == MonoTime(1300s));
  call.wait(300s - 1ns);
  CHECK(call.out.empty());
  CHECK(call.gate(0) == Gate::open);
  call.wait(1ns);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.state(0) == ConsentState::expired);
  REQUIRE(call.out.changes.size() == 1);
  CHECK(call.out.changes[0].decision == Decision::expired);
  CHECK(call.out.changes[0].signal.type == SignalType::validity);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.why == TurnCause::expired);
  CHECK(turn.after == Admission::discard);
  CHECK(turn.queued == QueuedAudio::keep);  // what was said before was consented to
  CHECK(turn.epoch == ConsentEpoch(2));
  CHECK_FALSE(call.call.next_deadline());
}

TEST_CASE("one whose time is over closes the gates of all under all-party") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.grant_durably(0);
  grant_for(call, 1, {10s, std::nullopt});
  REQUIRE(call.gates() == std::vector{Gate::open, Gate::open});
  call.wait(10s);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
  CHECK(call.state(0) == ConsentState::granted);
}

TEST_CASE("of the time that a consent brings and the one that is set, the shorter counts") {
  VirtualCall shorter(valid_for(300s), 1);
  grant_for(shorter, 0, {20s, std::nullopt});
  shorter.wait(20s);
  CHECK(shorter.state(0) == ConsentState::expired);

  VirtualCall longer(valid_for(300s), 1);
  grant_for(longer, 0, {1h, std::nullopt});
  longer.wait(300s);
  CHECK(longer.state(0) == ConsentState::expired);

  VirtualCall until(valid_for(300s), 1);
  grant_for(until, 0, {1h, until.at().now.wall + 7s});
  until.wait(7s);
  CHECK(until.state(0) == ConsentState::expired);
}

TEST_CASE("a digit is good for as long as is set") {
  ConsentSettings settings = valid_for(300s);
  REQUIRE(settings.digits.bind('1', DigitAction::decide(Decision::granted, kQuality)));
  VirtualCall call(settings, 1);
  call.press(0, '1');
  call.durable(call.out.changes[0].seq);
  call.wait(300s);
  CHECK(call.state(0) == ConsentState::expired);
}

TEST_CASE("without a validity a consent does not end") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.wait(24h * 1000);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a wall clock that is set back makes no consent longer") {
  VirtualCall call(valid_for(300s), 1);
  call.grant_durably(0);
  call.set_wall_by(-48h);
  call.wait(300s - 1ns);
  CHECK(call.gate(0) == Gate::open);
  call.wait(1ns);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a wall clock that is set on past its end ends a consent") {
  VirtualCall call(valid_for(300s), 1);
  call.grant_durably(0);
  call.set_wall_by(300s);
  call.wait(1ns);
  CHECK(call.gate(0) == Gate::closed);
  call.set_wall_by(-300s);  // and it does not come back
  call.wait(1s);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.state(0) == ConsentState::expired);
}

TEST_CASE("a consent whose time is over before it was on record never opens a gate") {
  VirtualCall call(valid_for(5s), 1);
  const ConsentSeq seq = call.grant(0);
  REQUIRE(call.gate(0) == Gate::opening);
  call.wait(5s);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  CHECK(call.state(0) == ConsentState::expired);
  call.durable(seq);
  CHECK(call.out.turns.empty());
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("an input after the end finds the consent over, even if nobody ticked") {
  VirtualCall call(valid_for(5s), 2);
  call.grant_durably(0);
  call.elapsed = 5s;
  call.pause();
  CHECK(call.state(0) == ConsentState::expired);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("after its end a consent can be given again, for its full time") {
  VirtualCall call(valid_for(100s), 1);
  call.grant_durably(0);
  call.wait(100s);
  call.grant_durably(0);
  CHECK(call.gate(0) == Gate::open);
  call.wait(100s - 1ns);
  CHECK(call.gate(0) == Gate::open);
  call.wait(1ns);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a yes that is given again before its end goes on until the later one, without a turn of the gate") {
  VirtualCall call(valid_for(100s), 1);
  call.grant_durably(0);
  call.wait(60s);
  const ConsentSeq again = call.grant(0);
  CHECK(call.out.changes[0].until == call.at().now.wall + 100s);
  CHECK(call.out.turns.empty());
  CHECK(call.gate(0) == Gate::open);
  call.durable(again);
  CHECK(call.out.empty());
  call.wait(100s - 1ns);
  CHECK(call.gate(0) == Gate::open);
  call.wait(1ns);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.state(0) == ConsentState::expired);
}

TEST_CASE("a yes that is given again and would end sooner, or at the same time, changes nothing") {
  VirtualCall call(valid_for(100s), 1);
  call.grant_durably(0);
  const auto again = [&](const Validity& validity) {
    call.out.clear();
    REQUIRE(call.call.decide(VirtualCall::person(0), Decision::granted, kQuality, {}, call.at(), call.out, validity));
    return call.out.changes.size();
  };
  CHECK(again({}) == 0);
  call.wait(10s);
  CHECK(again({89s, std::nullopt}) == 0);
  CHECK(again({std::nullopt, call.at().now.wall + 89s}) == 0);
  CHECK(again({90s, std::nullopt}) == 0);
  call.wait(90s);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("an endless yes stays endless, and makes one for a time endless") {
  VirtualCall endless(settings_of(Policy::per_party), 1);
  endless.grant_durably(0);
  endless.out.clear();
  REQUIRE(endless.call.decide(VirtualCall::person(0), Decision::granted, kQuality, {}, endless.at(), endless.out,
                              {10s, std::nullopt}));
  CHECK(endless.out.changes.empty());

  VirtualCall call(settings_of(Policy::per_party), 1);
  grant_for(call, 0, {10s, std::nullopt});
  call.grant_durably(0);
  CHECK_FALSE(call.call.next_lapse());
  call.wait(24h);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a yes that is given again holds by its old end until it is on record") {
  VirtualCall call(valid_for(100s), 1);
  call.grant_durably(0);
  call.wait(99s);
  const ConsentSeq again = call.grant(0);
  call.wait(1s);  // the ledger is slow
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.state(0) == ConsentState::expired);
  call.durable(again);
  CHECK(call.out.empty());
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a yes that is given again and cannot be put on record leaves the one that holds") {
  VirtualCall call(valid_for(100s), 1);
  call.grant_durably(0);
  call.wait(60s);
  call.refused(call.grant(0));
  CHECK(call.out.empty());
  CHECK(call.gate(0) == Gate::open);
  call.wait(40s);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a refusal takes a yes that is given again with the one that held") {
  VirtualCall call(valid_for(100s), 1);
  call.grant_durably(0);
  call.wait(60s);
  const ConsentSeq again = call.grant(0);
  call.withdraw(0);
  CHECK(call.gate(0) == Gate::closed);
  call.durable(again);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.state(0) == ConsentState::withdrawn);
  CHECK_FALSE(call.call.next_lapse());
}

TEST_CASE("of several purposes only those that end later are renewed, and a new one is granted with them") {
  VirtualCall call(settings_of(Policy::per_party, kBoth), 1);
  grant_for(call, 0, {100s, std::nullopt});
  call.out.clear();
  REQUIRE(
      call.call.decide(VirtualCall::person(0), Decision::granted, kBoth, {}, call.at(), call.out, {50s, std::nullopt}));
  REQUIRE(call.out.changes.size() == 1);
  CHECK(call.out.changes[0].purposes == kTraining);
  call.durable(call.out.changes[0].seq);
  call.wait(50s);
  CHECK(call.state(0, 1) == ConsentState::expired);
  CHECK(call.state(0, 0) == ConsentState::granted);
}

TEST_CASE("digits that say yes again and again make one record at a time, however slow the ledger is") {
  ConsentSettings settings = valid_for(300s);
  REQUIRE(settings.digits.bind('1', DigitAction::decide(Decision::granted, kQuality)));
  VirtualCall call(settings, 1);
  call.press(0, '1');
  const ConsentSeq first = call.out.changes.at(0).seq;
  call.wait(1s);
  call.press(0, '1');
  CHECK(call.out.changes.empty());
  call.durable(first);
  call.wait(1s);
  call.press(0, '1');
  CHECK(call.out.changes.size() == 1);
}

TEST_CASE("what was withdrawn does not expire as well") {
  VirtualCall call(valid_for(100s), 1);
  call.grant_durably(0);
  call.withdraw(0);
  CHECK_FALSE(call.call.next_lapse());
  call.wait(100s);
  CHECK(call.out.empty());
  CHECK(call.state(0) == ConsentState::withdrawn);
}

TEST_CASE("purposes end each at its own time, and the gate stays open for what is left") {
  VirtualCall call(settings_of(Policy::per_party, kBoth), 1);
  call.grant_durably(0, kTraining);
  grant_for(call, 0, {10s, std::nullopt});
  call.wait(10s);
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.state(0, 0) == ConsentState::expired);
  CHECK(call.state(0, 1) == ConsentState::granted);
  CHECK(call.call.purposes(VirtualCall::leg(0)) == kTraining);
}

TEST_CASE("an end while a call is paused is found when it goes on") {
  VirtualCall call(valid_for(10s), 1);
  call.grant_durably(0);
  call.pause();
  call.wait(10s);
  CHECK(call.gate(0) == Gate::closed);
  call.resume();
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.admission(0) == Admission::discard);
}

TEST_CASE("a grant until a time that has passed is refused, and nothing changes") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const auto refused = call.call.decide(VirtualCall::person(0), Decision::granted, kQuality, {}, call.at(), call.out,
                                        {std::nullopt, call.at().now.wall});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::invalid);
  CHECK(call.state(0) == ConsentState::pending);
}

TEST_CASE("a validity beyond a hundred years or of nothing is no setting") {
  CHECK_FALSE(check_settings(valid_for(0s)));
  CHECK_FALSE(check_settings(valid_for(limits::kValidityMax + 1ns)));
  CHECK(check_settings(valid_for(limits::kValidityMax)));
}

TEST_CASE("a consent on file speaks like its person, and no caller can name its signal") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const Signal on_file{SignalType::standing, "the-record"};
  call.out.clear();
  REQUIRE(call.call.decide(VirtualCall::person(0), Decision::granted, kQuality, on_file, call.at(), call.out));
  call.durable(call.out.changes.at(0).seq);
  CHECK(call.gate(0) == Gate::open);
  CHECK_FALSE(comes_from_outside(SignalType::standing));
  call.out.clear();
  REQUIRE(call.call.decide(VirtualCall::person(0), Decision::withdrawn, {}, on_file, call.at(), call.out));
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::drop);
  CHECK_FALSE(call.call.decide(VirtualCall::person(0), Decision::granted, kQuality, {SignalType::validity, {}},
                               call.at(), call.out));
}
