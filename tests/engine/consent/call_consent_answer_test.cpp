// The spoken answer: what of it is kept, when, and that it goes with the consent to it.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

namespace {

constexpr PurposeSet kAnswer = kTraining;  // its place is the second in these calls
constexpr PurposeSet kQualityAndAnswer = kBoth;
using Answer = RingAction::Answer;
using Kind = RingAction::Kind;

ConsentSettings asking(Policy policy, Preroll preroll = Preroll::none()) {
  ConsentSettings settings = settings_of(policy, kQualityAndAnswer);
  settings.preroll = preroll;
  settings.answer = SpokenAnswer{10s, Purpose(1)};
  return settings;
}

}  // namespace

TEST_CASE("the answer is kept when the yes names it, beside what preroll keeps") {
  SECTION("none") {
    VirtualCall call(asking(Policy::per_party), 1);
    call.grant(0, kQualityAndAnswer);
    CHECK(call.only_turn_of(0).ring == RingAction{Kind::wipe, 0s, Answer::keep, 10s});
  }
  SECTION("a duration") {
    VirtualCall call(asking(Policy::per_party, Preroll::last(3s)), 1);
    call.grant(0, kQualityAndAnswer);
    CHECK(call.only_turn_of(0).ring == RingAction{Kind::keep_last, 3s, Answer::keep, 10s});
  }
  SECTION("all") {
    VirtualCall call(asking(Policy::per_party, Preroll::all()), 1);
    call.grant(0, kQualityAndAnswer);
    CHECK(call.only_turn_of(0).ring == RingAction{Kind::keep_all, 0s, Answer::keep, 10s});
  }
}

TEST_CASE("a yes that does not name the answer keeps none of it") {
  VirtualCall call(asking(Policy::per_party), 1);
  call.grant_durably(0);
  CHECK(call.only_turn_of(0).ring == RingAction{Kind::keep_all, 0s, Answer::drop});
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("consent to the answer alone opens no gate") {
  VirtualCall call(asking(Policy::per_party), 1);
  call.grant_durably(0, kAnswer);
  CHECK(call.gate(0) == Gate::holding);
  call.deny(0, kQuality);
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.only_turn_of(0).ring.kind == Kind::wipe);
}

TEST_CASE("whoever has said yes to the answer before says what it is about with the yes that opens the gate") {
  VirtualCall call(asking(Policy::per_party), 1);
  call.grant_durably(0, kAnswer);
  call.wait(5s);
  call.grant(0);
  CHECK(call.only_turn_of(0).ring == RingAction{Kind::wipe, 0s, Answer::keep, 10s});
}

TEST_CASE("the record of the yes to the answer must be there, too") {
  VirtualCall call(asking(Policy::per_party), 1);
  const ConsentSeq quality = call.grant(0);
  const ConsentSeq answer = call.grant(0, kAnswer);
  SECTION("on its way when the gate opens") {
    call.durable(quality);
    CHECK(call.gate(0) == Gate::open);
    CHECK(call.only_turn_of(0).ring.answer == Answer::drop);
  }
  SECTION("refused") {
    call.refused(answer);
    call.durable(quality);
    CHECK(call.only_turn_of(0).ring.answer == Answer::drop);
  }
}

TEST_CASE("under all-party everybody whom the answer heard must agree to it") {
  VirtualCall call(asking(Policy::all_party), 2);
  call.grant_durably(0, kQualityAndAnswer);
  SECTION("one does not") {
    call.grant(1);
    CHECK(call.only_turn_of(0).ring.answer == Answer::drop);
    CHECK(call.only_turn_of(1).ring.answer == Answer::drop);
  }
  SECTION("all do") {
    call.grant_durably(1, kQualityAndAnswer);
    CHECK(call.gates() == std::vector{Gate::open, Gate::open});
    CHECK(call.only_turn_of(0).ring == RingAction{Kind::keep_all});
  }
}

TEST_CASE("taking the answer back voids what of it is not sealed, and nothing else") {
  VirtualCall call(asking(Policy::per_party), 1);
  call.grant_durably(0, kQualityAndAnswer);
  const ConsentEpoch valid_from = call.valid_from(0);
  call.wait(1h);
  call.withdraw(0, kAnswer);
  CHECK(call.gate(0) == Gate::open);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.queued == QueuedAudio::keep);
  CHECK(turn.queued_answer == QueuedAudio::drop);
  CHECK(turn.valid_from == valid_from);
  CHECK(turn.answer_valid_from == turn.epoch);
  CHECK(turn.ring.answer == Answer::drop);
  CHECK(call.admission(0) == Admission::admit);
  SECTION("once") {
    call.withdraw(0, kAnswer);
    CHECK(call.out.empty());
  }
}

TEST_CASE("taking the answer back before its record is on disk leaves none of it in the ring") {
  VirtualCall call(asking(Policy::per_party), 1);
  const ConsentSeq seq = call.grant(0, kQualityAndAnswer);
  call.withdraw(0, kAnswer);
  CHECK(call.only_turn_of(0).ring.answer == Answer::drop);
  call.durable(seq);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("taking everything back voids both") {
  VirtualCall call(asking(Policy::per_party), 1);
  call.grant_durably(0, kQualityAndAnswer);
  call.withdraw(0);
  const GateTurn turn = call.only_turn_of(0);
  CHECK(turn.to == Gate::closed);
  CHECK(turn.valid_from == turn.epoch);
  CHECK(turn.answer_valid_from == turn.epoch);
}

TEST_CASE("an answer that is withdrawn after the call has ended is voided where it waits") {
  VirtualCall call(asking(Policy::per_party), 1);
  call.grant_durably(0, kQualityAndAnswer);
  call.end();
  call.withdraw(0, kAnswer);
  CHECK(call.only_turn_of(0).queued == QueuedAudio::keep);
  CHECK(call.only_turn_of(0).queued_answer == QueuedAudio::drop);
}

TEST_CASE("a gate that opens because somebody left has heard no answer") {
  VirtualCall call(asking(Policy::all_party), 2);
  call.grant_durably(0, kQualityAndAnswer);
  call.wait(5s);
  call.leave(1);
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.turns_of(0).front().ring.answer == Answer::drop);
}

TEST_CASE("settings of an answer that cannot be are refused") {
  ConsentSettings settings = asking(Policy::per_party);
  settings.answer->around = settings.hold + 1ns;
  CHECK(CallConsent::create(settings).error().code == Errc::invalid);
  settings.answer->around = 0s;
  CHECK(CallConsent::create(settings).error().code == Errc::invalid);
  settings.answer->around = 1s;
  settings.purposes = kAnswer;
  CHECK(CallConsent::create(settings).error().code == Errc::invalid);
}

TEST_CASE("what may be read for which purpose") {
  CHECK(is_for(AudioUse::recording, "quality"));
  CHECK_FALSE(is_for(AudioUse::recording, kEvidencePurpose));
  CHECK(is_for(AudioUse::evidence, kEvidencePurpose));
  CHECK_FALSE(is_for(AudioUse::evidence, "quality"));
  CHECK(is_for(AudioUse::both, "quality"));
  CHECK(is_for(AudioUse::both, kEvidencePurpose));
  for (const AudioUse use : {AudioUse::recording, AudioUse::evidence, AudioUse::both}) {
    AudioUse read = AudioUse::recording;
    REQUIRE(parse_name(name_of(use), read));
    CHECK(read == use);
  }
  AudioUse read = AudioUse::recording;
  CHECK_FALSE(parse_name("anything", read));
}
