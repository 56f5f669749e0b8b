// Calls that go on after a restart, in virtual time: what the record says decides the gates, and nothing else.
#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

namespace {

// A call after a restart, of people who said what `said` says; all of them have the deadline of a fresh call.
VirtualCall returned(Policy policy, const std::vector<ParticipantConsent>& said, bool paused = false) {
  VirtualCall call(settings_of(policy, kBoth), 0);
  if (paused) call.call.rejoin_paused();
  for (const ParticipantConsent& one : said) {
    REQUIRE(call.call.rejoin(one, call.at().now.mono + 60s, call.at(), call.out));
  }
  for (std::size_t i = 0; i < said.size(); ++i) {
    REQUIRE(call.call.add_leg(VirtualCall::person(static_cast<unsigned>(i)), call.at(), call.out));
  }
  return call;
}

ParticipantConsent said(Decision decision, PurposeSet purposes, const Term& term = {}) {
  ParticipantConsent one(kBoth);
  one.recall(decision, purposes, term);
  return one;
}

}  // namespace

TEST_CASE("what the last record of a purpose says is what counts") {
  ParticipantConsent one(kBoth);
  one.recall(Decision::denied, kBoth);
  one.recall(Decision::granted, kQuality, {MonoTime(5s), WallTime(5s)});
  CHECK(one.state_of(Purpose(0)) == ConsentState::granted);
  CHECK(one.state_of(Purpose(1)) == ConsentState::denied);
  REQUIRE(one.next_lapse());
  one.recall(Decision::withdrawn, kQuality);
  CHECK(one.state_of(Purpose(0)) == ConsentState::withdrawn);
  CHECK_FALSE(one.next_lapse());
  one.recall(Decision::expired, kTraining);
  CHECK(one.state_of(Purpose(1)) == ConsentState::expired);
  one.recall(Decision::granted, PurposeSet{8});  // not asked for any more
  CHECK(one.durable().granted.empty());
}

TEST_CASE("a gate is open again for what is on record, without a word to the ledger") {
  VirtualCall call = returned(Policy::all_party, {said(Decision::granted, kBoth), said(Decision::granted, kQuality)});
  CHECK(call.gates() == std::vector{Gate::open, Gate::open});
  CHECK(call.out.changes.empty());
  CHECK_FALSE(call.out.pause);
  CHECK(call.call.purposes(VirtualCall::leg(0)) == kQuality);
}

TEST_CASE("who had not answered is waited for, until the deadline that they had") {
  VirtualCall call = returned(Policy::all_party, {said(Decision::granted, kBoth), ParticipantConsent(kBoth)});
  CHECK(call.gates() == std::vector{Gate::holding, Gate::holding});
  call.grant_durably(1);
  CHECK(call.gates() == std::vector{Gate::open, Gate::open});

  VirtualCall late = returned(Policy::all_party, {ParticipantConsent(kBoth)});
  late.wait(60s);
  CHECK(late.gate(0) == Gate::closed);
}

TEST_CASE("a deadline or a consent's time that passed meanwhile is over before the first packet") {
  VirtualCall call(settings_of(Policy::per_party, kBoth), 0);
  const Term over{call.at().now.mono - 1s, call.at().now.wall - 1s};
  REQUIRE(call.call.rejoin(said(Decision::granted, kBoth, over), call.at().now.mono - 5s, call.at(), call.out));
  REQUIRE(call.call.rejoin(ParticipantConsent(kBoth), call.at().now.mono - 5s, call.at(), call.out));
  for (unsigned i = 0; i < 2; ++i) REQUIRE(call.call.add_leg(VirtualCall::person(i), call.at(), call.out));
  CHECK(call.gates() == std::vector{Gate::closed, Gate::closed});
  CHECK(call.state(0) == ConsentState::expired);
  CHECK(call.state(1) == ConsentState::expired);
  REQUIRE(call.out.changes.size() == 2);
  CHECK(call.out.changes[0].signal.type == SignalType::validity);
  CHECK(call.out.changes[1].signal.type == SignalType::deadline);
}

TEST_CASE("who had refused is still refused, and can agree again") {
  VirtualCall call = returned(Policy::per_party, {said(Decision::withdrawn, kBoth)});
  CHECK(call.gate(0) == Gate::closed);
  call.grant_durably(0, kBoth);
  CHECK(call.gate(0) == Gate::open);
}

TEST_CASE("a paused call is paused until somebody resumes it") {
  VirtualCall call = returned(Policy::per_party, {said(Decision::granted, kBoth), ParticipantConsent(kBoth)}, true);
  CHECK(call.call.paused());
  CHECK(call.gate(0) == Gate::paused);
  CHECK(call.admission(0) == Admission::discard);
  CHECK(call.admission(1) == Admission::discard);
  CHECK_FALSE(call.out.pause);  // it is on record
  call.resume();
  CHECK(call.gate(0) == Gate::open);
  CHECK(call.admission(1) == Admission::hold);
}
