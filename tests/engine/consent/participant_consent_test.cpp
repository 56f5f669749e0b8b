#include "engine/consent/participant_consent.h"

#include "catch.h"

using namespace assent;

namespace {

constexpr PurposeSet kQ{1};
constexpr PurposeSet kT{2};
constexpr PurposeSet kQT{3};
constexpr Purpose kQuality{0};

}  // namespace

TEST_CASE("a grant counts only once the ledger has confirmed it") {
  ParticipantConsent consent(kQT);
  CHECK(consent.grant(kQ, ConsentSeq(1)) == kQ);
  CHECK(consent.state_of(kQuality) == ConsentState::granted);
  CHECK(consent.durable().granted.empty());
  CHECK(consent.intended().granted == kQ);
  CHECK(consent.hoped().granted == kQT);
  CHECK(consent.confirm(ConsentSeq(1)));
  CHECK(consent.durable().granted == kQ);
  CHECK_FALSE(consent.awaits_ledger());
}

TEST_CASE("a grant that the ledger refuses leaves what was there before") {
  ParticipantConsent consent(kQ);
  consent.refuse(kQ);
  REQUIRE(consent.state_of(kQuality) == ConsentState::denied);
  consent.grant(kQ, ConsentSeq(1));
  CHECK(consent.state_of(kQuality) == ConsentState::granted);
  CHECK(consent.durable().refused == kQ);
  CHECK(consent.intended().refused.empty());
  CHECK(consent.revert(ConsentSeq(1)));
  CHECK(consent.state_of(kQuality) == ConsentState::denied);
}

TEST_CASE("a refusal overtakes a grant on its way to the ledger") {
  ParticipantConsent consent(kQ);
  consent.grant(kQ, ConsentSeq(1));
  const auto refused = consent.refuse(kQ);
  CHECK(refused.withdrawn == kQ);
  CHECK(refused.denied.empty());
  CHECK_FALSE(consent.confirm(ConsentSeq(1)));
  CHECK(consent.durable().granted.empty());
  CHECK(consent.state_of(kQuality) == ConsentState::withdrawn);
}

TEST_CASE("a refusal withdraws what was granted and denies the rest") {
  ParticipantConsent consent(kQT);
  consent.grant(kQ, ConsentSeq(1));
  consent.confirm(ConsentSeq(1));
  const auto refused = consent.refuse(kQT);
  CHECK(refused.withdrawn == kQ);
  CHECK(refused.denied == kT);
}

TEST_CASE("a refusal of what is refused changes nothing") {
  ParticipantConsent consent(kQ);
  consent.refuse(kQ);
  const auto again = consent.refuse(kQ);
  CHECK(again.denied.empty());
  CHECK(again.withdrawn.empty());
}

TEST_CASE("a grant of what is granted or on its way changes nothing") {
  ParticipantConsent consent(kQT);
  consent.grant(kQ, ConsentSeq(1));
  CHECK(consent.grant(kQT, ConsentSeq(2)) == kT);
  CHECK(consent.grant(kQT, ConsentSeq(3)).empty());
  consent.confirm(ConsentSeq(1));
  CHECK(consent.grant(kQ, ConsentSeq(4)).empty());
}

TEST_CASE("a grant that ends later replaces the end of the one that holds once it is confirmed") {
  ParticipantConsent consent(kQ);
  const auto until = [](int second) { return Term{MonoTime(std::chrono::seconds(second)), WallTime{}}; };
  const auto ends = [&] { return consent.next_lapse()->mono; };
  consent.grant(kQ, ConsentSeq(1), until(10));
  CHECK(consent.grant(kQ, ConsentSeq(2), until(20)).empty());  // one at a time
  consent.confirm(ConsentSeq(1));
  CHECK(consent.grant(kQ, ConsentSeq(3), until(10)).empty());
  CHECK(consent.grant(kQ, ConsentSeq(3), until(20)) == kQ);
  CHECK(ends() == MonoTime(10s));
  CHECK(consent.confirm(ConsentSeq(3)));
  CHECK(ends() == MonoTime(20s));
  CHECK(consent.durable().granted == kQ);
}

TEST_CASE("a stale confirmation does not revive a grant that was withdrawn and given again") {
  ParticipantConsent consent(kQ);
  consent.grant(kQ, ConsentSeq(1));
  consent.refuse(kQ);
  consent.grant(kQ, ConsentSeq(3));
  CHECK_FALSE(consent.confirm(ConsentSeq(1)));
  CHECK(consent.durable().granted.empty());
  CHECK(consent.confirm(ConsentSeq(3)));
  CHECK(consent.durable().granted == kQ);
}

TEST_CASE("only what is pending expires") {
  ParticipantConsent consent(kQT);
  consent.grant(kQ, ConsentSeq(1));
  CHECK(consent.expire_pending() == kT);
  CHECK(consent.expire_pending().empty());
  CHECK(consent.state_of(Purpose(1)) == ConsentState::expired);
  CHECK(consent.refuse(kT).denied == kT);
}

TEST_CASE("purposes that are not asked for are nobody's to grant") {
  ParticipantConsent consent(kQ);
  CHECK(consent.grant(kT, ConsentSeq(1)).empty());
  CHECK_FALSE(consent.awaits_ledger());
}
