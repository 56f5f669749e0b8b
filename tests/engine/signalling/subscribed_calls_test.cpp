// Copies of what somebody says, asked for from rtpengine.
#include "rtpengine_rig.h"

using namespace assent;
using namespace assent::test;

TEST_CASE("each leg is subscribed to, is what rtpengine offers, and is sent to its ports") {
  Rig rig;
  const CallView view = rig.created();
  REQUIRE(rig.inner.asked.size() == 2);
  const LegSpec& first = rig.inner.asked[0];
  CHECK(first.payloads == LegPayloads{{{0, Codec{CodecName::pcmu}}}, 101});
  CHECK(first.source == parse_endpoint("192.0.2.9:40002"));
  CHECK(first.rtpengine->subscription != rig.inner.asked[1].rtpengine->subscription);
  REQUIRE(rig.rtpengine.begun.size() == 2);
  const auto answer = parse_sdp(rig.rtpengine.begun.at(first.rtpengine->subscription));
  REQUIRE(answer);
  CHECK(answer->media[0].address == parse_endpoint("198.51.100.1:30000"));
  CHECK(answer->media[0].rtcp_port == 30001);
}

TEST_CASE("a call that is sent by others asks nobody") {
  Rig rig;
  LegSpec plain;
  plain.label = "customer";
  CHECK(rig.create({plain}));
  CHECK(rig.rtpengine.asked.empty());
}

TEST_CASE("whatever fails of a call, nothing is left of it anywhere") {
  Rig rig;
  const auto check_nothing = [&](const Result<CallView>& view, Errc code, const std::string& words) {
    REQUIRE_FALSE(view);
    CHECK(view.error().code == code);
    CHECK_THAT(view.error().what, Catch::Contains(words));
    CHECK(rig.rtpengine.offered.empty());
    CHECK(rig.rtpengine.begun.empty());
    CHECK(rig.inner.live.empty());
  };
  check_nothing(rig.create({Rig::leg("customer", "A"), Rig::leg("agent", "Z")}), Errc::invalid,
                "\"agent\": no such tag");
  check_nothing(rig.create({Rig::leg("customer", "A"), Rig::leg("agent", "B", kOtherServer)}), Errc::unavailable,
                "no answer");
  rig.rtpengine.formats = "3 101";
  check_nothing(rig.create({Rig::leg("customer", "A")}), Errc::unsupported, "GSM");
  rig.rtpengine.formats = "0 101";
  rig.inner.fails = error(Errc::overloaded, "not now");
  check_nothing(rig.create({Rig::leg("customer", "A")}), Errc::overloaded, "not now");
  rig.inner.fails.reset();
  // It forgets the offer before it is answered.
  rig.inner.during_create = [&] { rig.rtpengine.forget(); };
  check_nothing(rig.create({Rig::leg("customer", "A")}), Errc::invalid, "no such offer");
}

TEST_CASE("the end of a call ends its subscriptions, without waiting for rtpengine") {
  Rig rig;
  const CallView view = rig.created();
  const auto asked = rig.rtpengine.asked.size();
  CHECK(rig.calls.end_call(view.id, kCaller));
  CHECK(rig.rtpengine.asked.size() == asked);
  rig.step();
  CHECK(rig.rtpengine.begun.empty());
  rig.step();
  CHECK(rig.rtpengine.asked.size() == asked + 2);
}

TEST_CASE("a call that ended by itself is found, and its subscriptions end") {
  Rig rig;
  const CallView view = rig.created();
  rig.step();
  CHECK(rig.rtpengine.begun.size() == 2);
  rig.inner.live.erase(view.id);
  rig.step();
  CHECK(rig.rtpengine.begun.empty());
}

TEST_CASE("what rtpengine has forgotten is subscribed to anew, from its new port and for the same leg") {
  Rig rig;
  const CallView view = rig.created();
  rig.rtpengine.forget();
  rig.rtpengine.tags.clear();
  rig.step();
  rig.step();
  REQUIRE(rig.told.size() == 2);  // once for each leg
  CHECK_THAT(rig.told[0], Catch::Contains("\"customer\"") && Catch::Contains("has forgotten it"));
  rig.rtpengine.tags = {"A", "B"};
  rig.step();
  CHECK(rig.rtpengine.begun.size() == 2);
  REQUIRE(rig.inner.heard.size() == 2);
  CHECK(rig.inner.heard[0].second.source != rig.inner.asked[0].source);
  CHECK(rig.inner.heard[0].second.payloads == rig.inner.asked[0].payloads);
  REQUIRE(rig.told.size() == 4);
  CHECK_THAT(rig.told[2], Catch::Contains("sends it again"));
  rig.step();
  CHECK(rig.told.size() == 4);
  CHECK(rig.calls.end_call(view.id, kCaller));
  rig.step();
  CHECK(rig.rtpengine.begun.empty());
}

TEST_CASE("what comes back with another codec than the leg's is not taken, and not left behind") {
  Rig rig;
  rig.created();
  rig.rtpengine.forget();
  rig.rtpengine.formats = "8 101";
  rig.step();
  CHECK(rig.rtpengine.offered.empty());
  CHECK(rig.rtpengine.begun.empty());
  REQUIRE(rig.told.size() == 2);
  CHECK_THAT(rig.told[0], Catch::Contains("none of PCMU/8000 by the types they had, but PCMA"));
  rig.rtpengine.formats = "8 0 101";
  rig.step();
  CHECK(rig.rtpengine.begun.size() == 2);
}

TEST_CASE("one rtpengine that is silent is asked once a round, and forgotten calls of it are not") {
  Rig rig;
  rig.created();
  rig.created();
  rig.rtpengine.answers = false;
  rig.rtpengine.asked.clear();
  rig.step();
  CHECK(rig.rtpengine.asked.size() == 1);
  CHECK(rig.told.empty());
  rig.rtpengine.answers = true;
  rig.step();
  CHECK(rig.rtpengine.begun.size() == 4);
}

TEST_CASE("after a restart the calls that go on are looked after") {
  Rig rig;
  const CallView view = rig.created();
  SubscribedCalls again(rig.inner, rig.rtpengine, [](const std::string&) {});
  again.take_up();
  rig.inner.live.erase(view.id);
  (void)again.step(read_mono());
  CHECK(rig.rtpengine.begun.empty());
}

TEST_CASE("legs that join are subscribed to, and one that rtpengine then does not send is asked for again") {
  Rig rig;
  const CallView view = rig.created();
  rig.rtpengine.tags.insert("C");
  LegsSpec joining;
  joining.legs = {Rig::leg("third", "C")};
  // It forgets the offer before it is answered: the leg is there, and the next round asks again.
  rig.inner.during_change = [&] { rig.rtpengine.offered.clear(); };
  REQUIRE(rig.calls.change_legs(view.id, joining, kCaller));
  CHECK(rig.rtpengine.begun.size() == 2);
  REQUIRE(rig.told.size() == 1);
  CHECK_THAT(rig.told[0], Catch::Contains("\"third\": there was no such offer"));
  rig.step();
  CHECK(rig.rtpengine.begun.size() == 3);
  CHECK(rig.calls.end_call(view.id, kCaller));
  rig.step();
  CHECK(rig.rtpengine.begun.empty());
}

namespace {

std::string crypto_line(char letter) {
  return "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + std::string(40, letter) + "\r\n";
}

}  // namespace

TEST_CASE("what rtpengine sends as SRTP is heard with its keys, and with its new ones when it sends it anew") {
  Rig rig;
  rig.rtpengine.protocol = "RTP/SAVP";
  rig.rtpengine.crypto = crypto_line('A');
  const CallView view = rig.created();
  REQUIRE(rig.inner.asked[0].srtp != nullptr);
  CHECK(to_base64(rig.inner.asked[0].srtp->keys[0].reveal()) == std::string(40, 'A'));
  const auto answer = parse_sdp(rig.rtpengine.begun.at(rig.inner.asked[0].rtpengine->subscription));
  REQUIRE(answer);
  CHECK(answer->media[0].is_srtp_audio());

  rig.rtpengine.forget();
  rig.rtpengine.crypto = crypto_line('B');
  rig.step();
  CHECK(rig.rtpengine.begun.size() == 2);
  REQUIRE(rig.inner.heard.size() == 2);
  const auto& [leg, hearing] = rig.inner.heard[0];
  CHECK(view.legs[0].label == "customer");
  CHECK(leg == view.legs[0].id);
  CHECK(hearing.source);
  REQUIRE(hearing.srtp != nullptr);
  CHECK(to_base64(hearing.srtp->keys[0].reveal()) == std::string(40, 'B'));

  rig.rtpengine.forget();
  rig.rtpengine.protocol = "RTP/AVP";
  rig.rtpengine.crypto.clear();
  rig.told.clear();
  rig.step();
  CHECK(rig.rtpengine.begun.empty());
  REQUIRE(rig.told.size() == 2);
  CHECK_THAT(rig.told[0], Catch::Contains("sends plain RTP now"));
}

TEST_CASE("what rtpengine sends by DTLS-SRTP is expected from its certificate, and it is told of ours") {
  Rig rig;
  rig.rtpengine.protocol = "UDP/TLS/RTP/SAVP";
  std::string digits = "AB";
  for (int i = 1; i < 32; ++i) digits += ":AB";
  rig.rtpengine.crypto = "a=setup:actpass\r\na=fingerprint:sha-256 " + digits + "\r\n";
  const CallView view = rig.created();
  REQUIRE(rig.inner.asked[0].srtp != nullptr);
  CHECK(rig.inner.asked[0].srtp->by_dtls.value().bytes == Bytes(32, 0xAB));
  const auto told_of_us = [&](const RtpengineSource& source) {
    const std::string& answer = rig.rtpengine.begun.at(source.subscription);
    CHECK_THAT(answer, Catch::Contains("a=fingerprint:" + *view.legs[0].srtp->fingerprint));
    CHECK_THAT(answer, Catch::Contains("a=setup:passive"));
  };
  told_of_us(*rig.inner.asked[0].rtpengine);
  rig.rtpengine.forget();
  rig.step();
  told_of_us(*rig.inner.asked[0].rtpengine);
}

TEST_CASE("a leg that rtpengine sends is changed by nobody else") {
  Rig rig;
  const CallView view = rig.created();
  LegsSpec spec;
  spec.changes = {{"customer", parse_endpoint("192.0.2.1:4000"), nullptr}};
  const auto changed = rig.calls.change_legs(view.id, spec, kCaller);
  REQUIRE_FALSE(changed);
  CHECK(changed.error().code == Errc::invalid);
  CHECK(rig.inner.changes.empty());
}
