#include "engine/calls/call_memory.h"

#include "catch.h"

using namespace assent;

namespace {

const PurposeRegistry kPurposes = *PurposeRegistry::create({"quality", "training", "consent-evidence"});

CallTerms terms_with_everything() {
  CallTerms terms;
  terms.consent.policy = Policy::per_party;
  terms.consent.purposes = kPurposes.all();
  terms.consent.hold = 12s;
  terms.consent.deadline = 90s;
  terms.consent.preroll = Preroll::last(1500ms);
  terms.consent.answer = SpokenAnswer{10s, *kPurposes.find(kEvidencePurpose)};
  terms.consent.on_withdraw = OnWithdraw::erase;
  terms.consent.validity = 24h;
  REQUIRE(terms.consent.digits.bind('1', DigitAction::decide(Decision::granted, PurposeSet::of(Purpose(0)))));
  REQUIRE(terms.consent.digits.bind('9', DigitAction::decide(Decision::denied, {})));
  REQUIRE(terms.consent.digits.bind('*', DigitAction::pause()));
  terms.default_purposes = PurposeSet::of(Purpose(1));
  terms.rules = {Policy::one_party, {"agent", "expert"}, 8h};
  terms.notice = Notice{"welcome", "3", "de", "abcd"};
  return terms;
}

void check_same(const ConsentSettings& a, const ConsentSettings& b) {
  CHECK(a.policy == b.policy);
  CHECK(a.purposes == b.purposes);
  CHECK(a.hold == b.hold);
  CHECK(a.deadline == b.deadline);
  CHECK(a.preroll == b.preroll);
  CHECK(a.answer == b.answer);
  CHECK(a.on_withdraw == b.on_withdraw);
  CHECK(a.validity == b.validity);
  CHECK(a.digits == b.digits);
}

}  // namespace

TEST_CASE("a call's terms come back as they were") {
  const CallTerms terms = terms_with_everything();
  const auto back = call_terms_from(to_json(terms, kPurposes), kPurposes);
  REQUIRE(back);
  check_same(back->consent, terms.consent);
  CHECK(back->default_purposes == terms.default_purposes);
  CHECK(back->rules == terms.rules);
  REQUIRE(back->notice);
  CHECK(back->notice->id == "welcome");
  CHECK(back->notice->hash == "abcd");

  CallTerms plain;
  plain.consent.purposes = kPurposes.all();
  plain.consent.preroll = Preroll::none();
  const auto plain_back = call_terms_from(to_json(plain, kPurposes), kPurposes);
  REQUIRE(plain_back);
  check_same(plain_back->consent, plain.consent);
  CHECK_FALSE(plain_back->notice);
}

TEST_CASE("purposes come back by their names, whatever their bits are by then") {
  const std::string json = to_json(terms_with_everything(), kPurposes);
  const auto turned = *PurposeRegistry::create({"training", "other", "quality"});
  const auto back = call_terms_from(json, turned);
  REQUIRE(back);
  CHECK(turned.ids_of(back->consent.purposes) == std::vector<std::string>{"training", "quality"});
  CHECK_FALSE(back->consent.answer);  // nobody could agree to it any more
  CHECK(turned.ids_of(back->consent.digits.action_of('1').purposes) == std::vector<std::string>{"quality"});
  // A digit that granted what is no purpose any more must not come to mean another, nor all of them.
  const auto without = *PurposeRegistry::create({"training"});
  const auto poorer = call_terms_from(json, without);
  REQUIRE(poorer);
  CHECK(poorer->consent.digits.action_of('1').kind == DigitAction::Kind::none);
  CHECK(poorer->consent.digits.action_of('9').kind == DigitAction::Kind::decide);
  CHECK(call_terms_from(json, *PurposeRegistry::create({"other"})).error().code == Errc::conflict);
}

TEST_CASE("what makes no sense is an error, not a call under other terms") {
  for (const char* json : {"", "{}", "[]", R"({"consent":{}})", R"({"consent":{"policy":3}})"}) {
    CHECK(call_terms_from(json, kPurposes).error().code == Errc::corrupt);
    CHECK(leg_media_from(json).error().code == Errc::corrupt);
  }
}

TEST_CASE("how a leg is heard comes back as it was") {
  const Codec octets{CodecName::amr, 8000, 1, FramePacking::octet_aligned};
  const LegPayloads payloads{
      {{8, {CodecName::pcma, 8000, 1}}, {111, {CodecName::opus, 48000, 2}}, {97, octets}}, 101, 118, 121};
  const LegMedia media{payloads, parse_endpoint("[2001:db8::1]:4000"), LegPorts{20000, 20001},
                       RtpengineSource{*parse_endpoint("192.0.2.1:2223"), "call@proxy", "tag", "assent-1", true}};
  const auto back = leg_media_from(to_json(media));
  REQUIRE(back);
  CHECK(back->rtpengine == media.rtpengine);
  CHECK(back->payloads == payloads);
  CHECK(back->source == media.source);
  CHECK(back->ports->rtp == 20000);
  CHECK(back->ports->rtcp == 20001);
  const auto bare = leg_media_from(to_json(LegMedia{{{{0, Codec{}}}}, {}, {}}));
  REQUIRE(bare);
  CHECK(bare->payloads == LegPayloads{{{0, Codec{}}}});
  CHECK_FALSE(bare->source);
  CHECK_FALSE(bare->ports);
}

TEST_CASE("a leg's SRTP keys come back as they were, and a text that is none of ours is corrupt") {
  SrtpTerms terms{SrtpSuite::aead_aes_256_gcm, {}};
  for (const auto number : {std::uint8_t{7}, std::uint8_t{8}}) {
    terms.keys.push_back(*SrtpMasterKey::create(terms.suite, Bytes(44, number), Bytes{0, number}));
  }
  LegMedia media{{{{0, Codec{}}}}, {}, LegPorts{20000, 20001}};
  media.srtp = std::make_shared<const SrtpTerms>(std::move(terms));
  const std::string json = to_json(media);
  const auto back = leg_media_from(json);
  REQUIRE(back);
  CHECK(back->ports->rtcp == 20001);
  REQUIRE(back->srtp != nullptr);
  CHECK(back->srtp->suite == SrtpSuite::aead_aes_256_gcm);
  REQUIRE(back->srtp->keys.size() == 2);
  CHECK(back->srtp->keys[1].mki()[1] == 8);
  CHECK(back->srtp->keys[1].reveal()[43] == 8);

  const auto with = [](const std::string& text) {
    return leg_media_from(R"({"formats":[{"payload_type":0,"codec":"PCMU/8000"}],"srtp":")" + text + "\"}");
  };
  for (const char* wrong : {"", "AEAD_AES_256_GCM", "NONE :AAAA", "AEAD_AES_256_GCM AAAA", "AEAD_AES_256_GCM :AAAA",
                            "AEAD_AES_256_GCM x:AAAA", "AEAD_AES_256_GCM :%", "DTLS", "DTLS sha-256",
                            "DTLS sha-256 AB:CD", "DTLS md5 AB"}) {
    CAPTURE(wrong);
    CHECK(with(wrong).error().code == Errc::corrupt);
  }
}

TEST_CASE("of a leg by DTLS-SRTP it is kept whose handshake counts, and its keys once it has some") {
  const DtlsFingerprint peer{DtlsFingerprint::Hash::sha384, Bytes(48, 0xAB)};
  SrtpTerms terms{SrtpSuite::aead_aes_128_gcm, {}, peer};
  LegMedia media{{{{0, Codec{}}}}, {}, LegPorts{20000, 20000}};
  media.srtp = std::make_shared<const SrtpTerms>(SrtpTerms{{}, {}, peer});
  const auto before = leg_media_from(to_json(media));
  REQUIRE(before);
  CHECK(before->srtp->by_dtls == peer);
  CHECK_FALSE(before->srtp->has_keys());

  terms.keys.push_back(*SrtpMasterKey::create(terms.suite, Bytes(28, 7)));
  media.srtp = std::make_shared<const SrtpTerms>(std::move(terms));
  const auto after = leg_media_from(to_json(media));
  REQUIRE(after);
  CHECK(after->srtp->by_dtls == peer);
  CHECK(after->srtp->suite == SrtpSuite::aead_aes_128_gcm);
  CHECK(after->srtp->keys.at(0).reveal()[27] == 7);
  CHECK(are_same(*before->srtp, *after->srtp));  // for an offer

  const std::string of_peer = to_text(SrtpTerms{{}, {}, peer});
  CHECK(srtp_terms_from(of_peer + " AEAD_AES_128_GCM").error().code == Errc::corrupt);
  CHECK(srtp_terms_from(of_peer + " NONE :AAAA").error().code == Errc::corrupt);
}
