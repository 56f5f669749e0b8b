// Deadline, preroll and hang-up in virtual time.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

TEST_CASE("the deadline closes a gate that nobody opened, not a moment earlier") {
  VirtualCall call(settings_of(Policy::per_party), 2);
  call.grant_durably(0);
  CHECK(call.call.next_deadline() == MonoTime(1060s));
  call.wait(60s - 1ns);
  CHECK(call.out.empty());
  call.wait(1ns);
  CHECK(call.gates() == std::vector{Gate::open, Gate::closed});
  CHECK(call.only_turn_of(1).why == TurnCause::expired);
  CHECK(call.only_turn_of(1).ring.kind == RingAction::Kind::wipe);
  CHECK_FALSE(call.call.next_deadline());
}

TEST_CASE("every consent pending at the deadline is put on record as expired") {
  VirtualCall call(settings_of(Policy::all_party, kBoth), 3);
  call.grant_durably(0, kQuality);
  call.grant_durably(1, kBoth);
  call.wait(60s);
  REQUIRE(call.out.changes.size() == 2);
  CHECK(call.out.changes[0].participant == VirtualCall::person(0));
  CHECK(call.out.changes[0].purposes == kTraining);
  CHECK(call.out.changes[1].participant == VirtualCall::person(2));
  CHECK(call.out.changes[1].purposes == kBoth);
  for (const ConsentChange& change : call.out.changes) {
    CHECK(change.decision == Decision::expired);
    CHECK(change.signal.type == SignalType::deadline);
  }
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a grant after expiry opens again from that moment") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.wait(60s);
  REQUIRE(call.gate(0) == Gate::closed);
  const ConsentSeq seq = call.grant(0);
  CHECK(call.only_turn_of(0).to == Gate::opening);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::wipe);
  CHECK(call.admission(0) == Admission::hold);
  call.durable(seq);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("all-party stays closed after expiry until everybody has granted") {
  VirtualCall call(settings_of(Policy::all_party), 2);
  call.wait(60s);
  call.grant_durably(0);
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
  call.grant_durably(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::open});
}

TEST_CASE("an input after the deadline finds it passed, even if nobody ticked") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.elapsed = 60s;
  REQUIRE(call.decide(0, Decision::granted, kQuality).has_value());
  REQUIRE(call.out.changes.size() == 2);
  CHECK(call.out.changes[0].decision == Decision::expired);
  CHECK(call.out.changes[1].decision == Decision::granted);
  const auto turns = call.turns_of(0);
  REQUIRE(turns.size() == 2);
  CHECK(turns[0].ring.kind == RingAction::Kind::wipe);
  CHECK(turns[1].to == Gate::opening);
}

TEST_CASE("a grant in time holds the deadline off while its record is on its way") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.wait(60s - 1ns);
  const ConsentSeq seq = call.grant(0);
  call.wait(10s);
  CHECK(call.gate(0) == Gate::opening);
  call.durable(seq);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("preroll says what of the ring an opt-in keeps") {
  ConsentSettings settings = settings_of(Policy::per_party);
  SECTION("all") {
    VirtualCall call(settings, 1);
    call.grant(0);
    CHECK(call.only_turn_of(0).ring == RingAction{RingAction::Kind::keep_all, 0s});
  }
  SECTION("a duration") {
    settings.preroll = Preroll::last(5s);
    VirtualCall call(settings, 1);
    call.grant(0);
    CHECK(call.only_turn_of(0).ring == RingAction{RingAction::Kind::keep_last, 5s});
  }
  SECTION("none") {
    settings.preroll = Preroll::none();
    VirtualCall call(settings, 1);
    call.grant(0);
    CHECK(call.only_turn_of(0).ring == RingAction{RingAction::Kind::wipe, 0s});
  }
}

TEST_CASE("preroll counts from the grant, and what is held while the record is on its way is kept") {
  ConsentSettings settings = settings_of(Policy::per_party);
  settings.preroll = Preroll::none();
  VirtualCall call(settings, 1);
  const ConsentSeq seq = call.grant(0);
  call.wait(2s);
  call.durable(seq);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::keep_all);
}

TEST_CASE("under all-party the preroll of every leg counts from the last grant") {
  ConsentSettings settings = settings_of(Policy::all_party);
  settings.preroll = Preroll::last(3s);
  VirtualCall call(settings, 2);
  call.grant_durably(0);
  CHECK(call.out.turns.empty());
  call.wait(10s);
  call.grant(1);
  CHECK(call.only_turn_of(0).ring == RingAction{RingAction::Kind::keep_last, 3s});
  CHECK(call.only_turn_of(0).at.media == call.at().media);
}

TEST_CASE("a call that ends closes its gates and keeps what was consented to") {
  VirtualCall call(settings_of(Policy::per_party), 2);
  call.grant_durably(0);
  call.end();
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
  CHECK(call.only_turn_of(0).why == TurnCause::ended);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  CHECK(call.only_turn_of(0).epoch == ConsentEpoch(2));
  CHECK(call.only_turn_of(1).ring.kind == RingAction::Kind::wipe);
  REQUIRE(call.out.changes.size() == 1);
  CHECK(call.out.changes[0].participant == VirtualCall::person(1));
  CHECK(call.out.changes[0].decision == Decision::expired);
  CHECK(call.out.changes[0].signal.type == SignalType::hangup);
  CHECK(call.call.settled());
}

TEST_CASE("a call ends once") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.end();
  call.end();
  CHECK(call.out.empty());
  call.wait(1h);
  CHECK(call.out.empty());
}

TEST_CASE("the next deadline is that of the earliest who is still asked") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.wait(10s);
  call.join();
  CHECK(call.call.next_deadline() == MonoTime(1060s));
  call.deny(0);
  CHECK(call.call.next_deadline() == MonoTime(1070s));
  call.grant(1);
  CHECK_FALSE(call.call.next_deadline());
}
