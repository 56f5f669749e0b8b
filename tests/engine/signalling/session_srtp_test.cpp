// Recording sessions whose media is SRTP, by keys in the session description (RFC 4568).
#include "answered.h"
#include "session_bodies.h"

using namespace assent;

namespace {

constexpr const char* kFirstKey = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
constexpr const char* kSecondKey = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

std::string crypto(const std::string& key, int tag = 1, const std::string& suite = "AES_CM_128_HMAC_SHA1_80") {
  return "a=crypto:" + std::to_string(tag) + ' ' + suite + " inline:" + key + "\r\n";
}

std::string secured(const std::string& label, int port, const std::string& lines) {
  std::string line = line_sdp(label, port, "0 8 101", lines + "a=sendonly\r\n");
  return line.replace(line.find("RTP/AVP"), 7, "RTP/SAVP");
}

std::string both_secured(const std::string& key) {
  return sdp_of(secured("96", 40000, crypto(key)) + secured("97", 40002, crypto(kSecondKey)));
}

std::string key_of(const SharedSrtpTerms& terms) {
  REQUIRE(terms != nullptr);
  REQUIRE(terms->keys.size() == 1);
  return to_base64(terms->keys.front().reveal());
}

// A session of Bob and Anna, whose voices are encrypted.
struct Begun : SessionRig {
  SdpSession first;
  Begun() : first(answered(begin(kMixed, both(both_secured(kFirstKey), metadata_of(bob_and_anna()))))) {
    calls.asked.clear();
  }
  SharedSrtpTerms keys(const std::string& label) { return calls.only().srtp.at(label); }
};

}  // namespace

TEST_CASE("an m-line of SRTP is a leg with its keys, and its answer takes the line by its tag, with another key") {
  Begun rig;
  CHECK(owners_of(rig, rig.first) == Owners{"bob==", "anna=="});
  CHECK(key_of(rig.keys("96")) == kFirstKey);
  CHECK(key_of(rig.keys("97")) == kSecondKey);
  for (const SdpMedia& media : rig.first.media) {
    CHECK(media.protocol == "RTP/SAVP");
    REQUIRE(media.crypto.size() == 1);
    CHECK(media.crypto[0].tag == 1);
    CHECK(key_of(media.crypto[0].terms) != kFirstKey);
    CHECK(key_of(media.crypto[0].terms) != kSecondKey);
  }
}

TEST_CASE("of several lines the first that is for us is taken") {
  SessionRig rig;
  const std::string lines = crypto(kSecondKey, 1, "F8_128_HMAC_SHA1_80") + crypto(kFirstKey, 2) + crypto(kSecondKey, 3);
  const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(secured("96", 40000, lines))));
  REQUIRE(answer.media[0].crypto.size() == 1);
  CHECK(answer.media[0].crypto[0].tag == 2);
  CHECK(key_of(rig.calls.only().srtp.at("96")) == kFirstKey);
}

TEST_CASE("the same keys again change nothing, and the answer is the same") {
  Begun rig;
  const SiprecAnswer before = rig.change("", "");
  const SiprecAnswer after = rig.change("application/sdp", both_secured(kFirstKey));
  CHECK(before.sdp == after.sdp);
  CHECK(answered(after).media[0].crypto[0].tag == 1);
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("other keys by a re-offer are the leg's") {
  Begun rig;
  const SdpSession answer = answered(rig.change("application/sdp", both_secured(kSecondKey)));
  CHECK(rig.calls.asked == std::vector<std::string>{"change", "remember"});
  CHECK(key_of(rig.keys("96")) == kSecondKey);
  CHECK(answer.media[0].port == rig.first.media[0].port);
  CHECK(key_of(answer.media[0].crypto[0].terms) != key_of(rig.first.media[0].crypto[0].terms));
  CHECK(key_of(answer.media[1].crypto[0].terms) == key_of(rig.first.media[1].crypto[0].terms));
}

TEST_CASE("what was in the clear may be encrypted later, and not the other way round") {
  SessionRig rig;
  (void)answered(rig.begin(kMixed, usual_offer()));
  CHECK(rig.calls.only().srtp.at("96") == nullptr);
  const SdpSession later = answered(rig.change("application/sdp", both_secured(kFirstKey)));
  CHECK(owners_of(rig, later) == Owners{"bob==", "anna=="});
  CHECK(key_of(rig.calls.only().srtp.at("96")) == kFirstKey);

  const std::string half = sdp_of(line_sdp("96", 40000) + secured("97", 40002, crypto(kSecondKey)));
  CHECK(owners_of(rig, answered(rig.change("application/sdp", half))) == Owners{"", "anna=="});
  CHECK_THAT(rig.told.back(), Catch::Contains("was encrypted and is no more"));
}

TEST_CASE("who speaks next in an encrypted m-line is heard by its keys") {
  Begun rig;
  const SdpSession answer = answered(rig.change(
      "application/rs-metadata+xml", metadata_of(leaves_xml("anna==") + person_xml("carl", "sip:carl@agents.example") +
                                                     sends_xml("carl", "st2", "st1"),
                                                 "partial")));
  CHECK(owners_of(rig, answer) == Owners{"bob==", "carl"});
  CHECK(key_of(rig.keys(rig.calls.only().view.legs.back().label)) == kSecondKey);
}

TEST_CASE("after a restart the keys of a re-offer are the leg's, and it stays encrypted") {
  Begun rig;
  RecordedSessions again(rig.calls, [&](const std::string& line) { rig.told.push_back(line); });
  CHECK(again.take_up().size() == 1);
  const SdpSession same = answered(again.change(rig.offer("", "")));
  CHECK(key_of(same.media[0].crypto.at(0).terms) == key_of(rig.first.media[0].crypto.at(0).terms));
  const SdpSession renewed = answered(again.change(rig.offer("application/sdp", both_secured(kSecondKey))));
  CHECK(owners_of(rig, renewed) == Owners{"bob==", "anna=="});
  CHECK(key_of(rig.keys("96")) == kSecondKey);
  const std::string half = sdp_of(line_sdp("96", 40000) + secured("97", 40002, crypto(kSecondKey)));
  CHECK(owners_of(rig, answered(again.change(rig.offer("application/sdp", half)))) == Owners{"", "anna=="});
}

namespace {

std::string fingerprint(char digit) {
  std::string line = "a=fingerprint:sha-256 ";
  for (int i = 0; i < 32; ++i) line += (i == 0 ? "" : ":") + std::string(2, digit);
  return line + "\r\n";
}

std::string by_dtls(const std::string& label, int port, char digit, const std::string& setup = "actpass") {
  std::string line =
      line_sdp(label, port, "0 8 101", fingerprint(digit) + "a=setup:" + setup + "\r\na=rtcp-mux\r\na=sendonly\r\n");
  return line.replace(line.find("RTP/AVP"), 7, "UDP/TLS/RTP/SAVP");
}

std::string both_by_dtls(char digit) { return sdp_of(by_dtls("96", 40000, digit) + by_dtls("97", 40002, 'B')); }

// The same, by DTLS-SRTP.
struct BegunByDtls : SessionRig {
  SdpSession first;
  BegunByDtls() : first(answered(begin(kMixed, both(both_by_dtls('A'), metadata_of(bob_and_anna()))))) {
    calls.asked.clear();
  }
  DtlsFingerprint peer(const std::string& label) { return calls.only().srtp.at(label)->by_dtls.value(); }
};

}  // namespace

TEST_CASE("an m-line by DTLS-SRTP is a leg that expects its certificate, and is answered with ours") {
  BegunByDtls rig;
  CHECK(owners_of(rig, rig.first) == Owners{"bob==", "anna=="});
  CHECK(rig.peer("96").bytes == Bytes(32, 0xAA));
  CHECK(rig.peer("97").bytes == Bytes(32, 0xBB));
  for (const SdpMedia& media : rig.first.media) {
    CHECK(media.protocol == "UDP/TLS/RTP/SAVP");
    CHECK(media.crypto.empty());
    CHECK(to_text(media.fingerprint.value()) == kOurFingerprint);
    CHECK(media.setup == "passive");
    CHECK(media.rtcp_mux);
    CHECK(media.rtcp_port == media.port);
  }
}

TEST_CASE("the same certificate again changes nothing, another is expected, and neither is taken in the clear") {
  BegunByDtls rig;
  const SiprecAnswer before = rig.change("", "");
  CHECK(before.sdp == rig.change("application/sdp", both_by_dtls('A')).sdp);
  CHECK(rig.calls.asked.empty());
  (void)answered(rig.change("application/sdp", both_by_dtls('C')));
  CHECK(rig.calls.asked == std::vector<std::string>{"change"});
  CHECK(rig.peer("96").bytes == Bytes(32, 0xCC));
  const std::string half = sdp_of(line_sdp("96", 40000) + by_dtls("97", 40002, 'B'));
  CHECK(owners_of(rig, answered(rig.change("application/sdp", half))) == Owners{"", "anna=="});
  CHECK_THAT(rig.told.back(), Catch::Contains("was encrypted and is no more"));
}

TEST_CASE("who wants us to begin the handshake is told why nothing is recorded") {
  SessionRig rig;
  const std::string offer = sdp_of(line_sdp("96", 40000) + by_dtls("97", 40002, 'B', "passive"));
  const SdpSession answer = answered(rig.begin(kMixed, both(offer, metadata_of(bob_and_anna()))));
  CHECK(owners_of(rig, answer) == Owners{"bob==", ""});
  REQUIRE_FALSE(rig.told.empty());
  CHECK_THAT(rig.told.front(), Catch::Contains("a=setup:passive"));
}
