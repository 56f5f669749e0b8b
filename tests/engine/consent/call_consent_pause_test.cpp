// Pausing: silence in time, on every leg, whatever its gate's state.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

TEST_CASE("pausing an open gate discards audio, resuming admits it again") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.pause();
  CHECK(call.gate(0) == Gate::paused);
  CHECK(call.admission(0) == Admission::discard);
  CHECK(call.only_turn_of(0).before == Admission::admit);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  REQUIRE(call.out.pause);
  CHECK(call.out.pause->kind == PauseChange::Kind::paused);
  CHECK(call.out.pause->signal.value == "card");
  call.resume();
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.admission(0) == Admission::admit);
  CHECK(call.out.pause->kind == PauseChange::Kind::resumed);
  CHECK(call.epoch(0) == ConsentEpoch(1));
}

TEST_CASE("pausing while holding discards audio and leaves what the ring holds") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.pause();
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.from == Gate::holding);
  CHECK(turn.to == Gate::holding);
  CHECK(turn.before == Admission::hold);
  CHECK(turn.after == Admission::discard);
  CHECK(turn.ring.kind == RingAction::Kind::leave);
  call.resume();
  CHECK(call.only_turn_of(0).after == Admission::hold);
}

TEST_CASE("a gate that opens while paused is paused, and what was held before the pause is kept") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.pause();
  const ConsentSeq seq = call.grant(0);
  CHECK(call.gate(0) == Gate::opening);
  CHECK(call.admission(0) == Admission::discard);
  call.durable(seq);
  CHECK(call.gate(0) == Gate::paused);
  CHECK(call.only_turn_of(0).ring.kind == RingAction::Kind::keep_all);
  call.resume();
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a withdrawal while paused closes, and resuming does not open again") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.pause();
  call.withdraw(0);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::drop);
  call.resume();
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.out.turns.empty());
}

TEST_CASE("pausing what is paused and resuming what runs change nothing") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.resume();
  CHECK(call.out.empty());
  call.pause();
  call.pause();
  CHECK(call.out.empty());
}

TEST_CASE("a leg that is added while paused discards from its first packet") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.pause();
  call.join();
  CHECK(call.gate(1) == Gate::holding);
  CHECK(call.admission(1) == Admission::discard);
}

TEST_CASE("a call that ends while paused closes, and pausing has no meaning after") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  call.grant_durably(0);
  call.pause();
  call.end();
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  call.resume();
  CHECK(call.out.empty());
}

TEST_CASE("a gate opening at the end of a paused call admits what it held before the pause") {
  VirtualCall call(settings_of(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0);
  call.pause();
  call.end();
  call.durable(seq);
  const auto turns = call.turns_of(0);
  REQUIRE(turns.size() == 2);
  CHECK(turns[0].to == Gate::paused);
  CHECK(turns[0].ring.kind == RingAction::Kind::keep_all);
  CHECK(turns[1].to == Gate::closed);
}
