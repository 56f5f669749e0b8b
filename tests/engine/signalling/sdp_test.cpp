#include "engine/signalling/sdp.h"

#include "catch.h"
#include "engine/signalling/rtpengine_subscription.h"

using namespace assent;

namespace {

constexpr std::string_view kOffer =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=rtpengine\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\n"
    "m=audio 40026 RTP/AVP 3 8 0 101 96\r\na=label:caller\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-16\r\na=rtpmap:96 telephone-event/48000\r\na=rtcp:40027\r\n"
    "m=video 0 RTP/AVP 31\r\n"
    "m=audio 40044/2 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP6 2001:db8::2\r\na=rtpmap:111 opus/48000/2\r\na=inactive\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";

}  // namespace

TEST_CASE("an offer is read with its addresses, formats, directions and labels") {
  const auto session = parse_sdp(kOffer);
  REQUIRE(session);
  REQUIRE(session->media.size() == 4);
  const SdpMedia& first = session->media[0];
  CHECK(first.is_rtp_audio());
  CHECK(first.address == parse_endpoint("192.0.2.1:40026"));
  CHECK(first.rtcp_port == 40027);
  CHECK(first.direction == SdpDirection::sendonly);
  CHECK(first.label == "caller");
  REQUIRE(first.formats.size() == 5);
  CHECK(first.formats[0].encoding == "GSM");
  CHECK(first.formats[1].encoding == "PCMA");
  CHECK(first.formats[1].clock_rate == 8000);
  CHECK(first.formats[3].encoding == "telephone-event");
  CHECK(first.formats[3].parameters == "0-16");
  CHECK(first.formats[4].clock_rate == 48000);
  CHECK_FALSE(session->media[1].is_rtp_audio());
  const SdpMedia& third = session->media[2];
  CHECK(third.address == parse_endpoint("[2001:db8::2]:40044"));
  CHECK(third.formats[0].channels == 2);
  CHECK(third.direction == SdpDirection::inactive);
  CHECK_FALSE(third.is_rtp_audio());  // encrypted
  CHECK(session->media[3].formats.empty());
}

TEST_CASE("lines may end with LF alone, and blanks and unknown attributes do no harm") {
  const auto session =
      parse_sdp("v=0\nc=IN IP4 192.0.2.1/127\n\nm=audio  4000  RTP/AVP  0\na=rtpmap:97 no/8000\na=x-what:ever\nz=1\n");
  REQUIRE(session);
  CHECK(session->media[0].address == parse_endpoint("192.0.2.1:4000"));
}

TEST_CASE("an address that is a name is no address") {
  const auto session = parse_sdp("v=0\nc=IN IP4 sbc.example\nm=audio 4000 RTP/AVP 0\n");
  REQUIRE(session);
  CHECK_FALSE(session->media[0].address);
  CHECK(session->media[0].port != 0);
}

TEST_CASE("what is no session description is refused with its line") {
  struct Wrong {
    std::string text;
    const char* words;
  };
  std::string many = "v=0\n";
  for (int i = 0; i < 33; ++i) many += "m=audio 4000 RTP/AVP 0\n";
  std::string formats = "v=0\nm=audio 4000 RTP/AVP";
  for (int i = 0; i < 65; ++i) formats += " 0";
  const Wrong all[] = {{"", "empty"},
                       {"o=- 1 1 IN IP4 1.2.3.4\n", "line 1 must be v=0"},
                       {"v=0\nhello\n", "line 2"},
                       {"v=0\nm=audio 4000 RTP/AVP\n", "line 2 has too few words"},
                       {"v=0\nm=audio 70000 RTP/AVP 0\n", "no proper port"},
                       {"v=0\nm=audio 4000 RTP/AVP 128\n", "no payload type"},
                       {"v=0\nm=audio 4000 RTP/AVP 0\na=rtpmap:0 PCMU\n", "line 3 has no proper encoding"},
                       {"v=0\nm=audio 4000 RTP/AVP 0\na=rtcp:x\n", "line 3"},
                       {"v=0\nc=IN IP4\n", "line 2 has no address"},
                       {many, "line 34 is one m-line too many"},
                       {formats, "too many formats"},
                       {"v=0\n" + std::string(65536, 'a'), "too long"}};
  for (const Wrong& wrong : all) {
    CAPTURE(wrong.text.substr(0, 60));
    const auto read = parse_sdp(wrong.text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::invalid);
    CHECK_THAT(read.error().what, Catch::Contains(wrong.words));
  }
}

TEST_CASE("of an offer the formats that are recorded are taken, with the digits on the clock of the first") {
  const auto offered = media_offered(*parse_sdp(kOffer));
  REQUIRE(offered);
  CHECK(offered->line == 0);
  CHECK(offered->from == parse_endpoint("192.0.2.1:40026"));
  CHECK(to_text(codecs_of(offered->payloads)) == "PCMA/8000, PCMU/8000");
  CHECK(offered->payloads.formats[0].payload_type == 8);
  CHECK(offered->payloads.dtmf == 101);
}

TEST_CASE("a leg that is there takes what it took before, or nothing") {
  const SdpSession offer = *parse_sdp(kOffer);
  const auto same = media_offered(offer, LegPayloads{{{0, Codec{CodecName::pcmu}}}});
  REQUIRE(same);
  CHECK(to_text(codecs_of(same->payloads)) == "PCMU/8000");
  const auto other = media_offered(offer, LegPayloads{{{97, Codec{CodecName::pcmu}}}});
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Errc::unsupported);
  CHECK_THAT(other.error().what, Catch::Contains("GSM, PCMA, PCMU"));
}

TEST_CASE("an answer takes one line and refuses the others, in their places") {
  const auto offered = media_offered(*parse_sdp(kOffer));
  REQUIRE(offered);
  const std::string text = answer_to(*offered, {*parse_endpoint("198.51.100.7:30000"), 30001}, 5);
  const auto answer = parse_sdp(text);
  REQUIRE(answer);
  REQUIRE(answer->media.size() == 4);
  const SdpMedia& taken = answer->media[0];
  CHECK(taken.address == parse_endpoint("198.51.100.7:30000"));
  CHECK(taken.rtcp_port == 30001);
  CHECK(taken.direction == SdpDirection::recvonly);
  REQUIRE(taken.formats.size() == 3);
  CHECK(taken.formats[0].encoding == "PCMA");
  CHECK(taken.formats[1].encoding == "PCMU");
  CHECK(taken.formats[2].parameters == "0-16");
  for (std::size_t i = 1; i < 4; ++i) CHECK_FALSE(answer->media[i].is_rtp_audio());
  CHECK_THAT(text, Catch::Contains("m=video 0 RTP/AVP"));
  CHECK_THAT(text, Catch::Contains("\r\n"));
}

namespace {

// 30 bytes, 0 to 29.
constexpr std::string_view kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

std::string srtp_offer(const std::string& lines, const std::string& protocol = "RTP/SAVP") {
  return "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 40026 " + protocol + " 0 101\r\n" + lines +
         "a=rtpmap:101 telephone-event/8000\r\n";
}

}  // namespace

TEST_CASE("of an m-line's a=crypto lines those that can be taken are read, in their order") {
  const std::string key(kKey);
  const auto session = parse_sdp(srtp_offer(
      "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + key + "\r\na=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" + key +
      "|2^31|1:1\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:short\r\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:" +
      key + " UNENCRYPTED_SRTP\r\na=crypto:5 AES_CM_128_HMAC_SHA1_80 inline:" + key + "\r\n"));
  REQUIRE(session);
  const SdpMedia& media = session->media[0];
  REQUIRE(media.crypto.size() == 2);
  CHECK(media.crypto[0].tag == 2);
  CHECK(media.crypto[0].terms->suite == SrtpSuite::aes_cm_128_hmac_sha1_32);
  CHECK(media.crypto[0].terms->keys[0].mki()[0] == 1);
  CHECK(media.crypto[1].tag == 5);
  CHECK(to_base64(media.crypto[1].terms->keys[0].reveal()) == key);
  CHECK(media.is_srtp_audio());
  CHECK_FALSE(media.is_rtp_audio());
}

TEST_CASE("an m-line is SRTP when its protocol says so and a key can be taken") {
  const std::string line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + std::string(kKey) + "\r\n";
  CHECK(parse_sdp(srtp_offer(line, "RTP/SAVPF"))->media[0].is_srtp_audio());
  CHECK_FALSE(parse_sdp(srtp_offer(line, "UDP/TLS/RTP/SAVP"))->media[0].is_srtp_audio());
  CHECK_FALSE(parse_sdp(srtp_offer("", "RTP/SAVP"))->media[0].is_srtp_audio());
  const auto plain = parse_sdp(srtp_offer(line, "RTP/AVP"));
  CHECK(plain->media[0].is_rtp_audio());
  CHECK_FALSE(plain->media[0].is_srtp_audio());
  std::string many;
  for (int i = 1; i <= 17; ++i) many += "a=crypto:" + std::to_string(i) + line.substr(10);
  CHECK_THAT(parse_sdp(srtp_offer(many)).error().what, Catch::Contains("line 20 is one a=crypto too many"));
}

TEST_CASE("an offer of SRTP is answered with the line that is taken and a key of our own") {
  const auto offered = media_offered(
      *parse_sdp(srtp_offer("a=crypto:9 AES_256_CM_HMAC_SHA1_80 inline:" + std::string(kKey) +
                            "\r\na=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:" + std::string(kKey) + "\r\n")));
  REQUIRE(offered);
  REQUIRE(offered->crypto);
  CHECK(offered->crypto->tag == 7);
  const auto answer = parse_sdp(answer_to(*offered, {*parse_endpoint("198.51.100.7:30000"), 30001}, 5));
  REQUIRE(answer);
  REQUIRE(answer->media[0].crypto.size() == 1);
  CHECK(answer->media[0].is_srtp_audio());
  CHECK(answer->media[0].crypto[0].tag == 7);
  CHECK(answer->media[0].crypto[0].terms->suite == SrtpSuite::aes_cm_128_hmac_sha1_32);
  CHECK(to_base64(answer->media[0].crypto[0].terms->keys[0].reveal()) != kKey);
}

namespace {

std::string fingerprint(char digit) {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes += (i == 0 ? "" : ":") + std::string(2, digit);
  return "sha-256 " + bytes;
}
std::string fingerprint_line(char digit) { return "a=fingerprint:" + fingerprint(digit) + "\r\n"; }

SdpMedia first_of(const std::string& text) { return parse_sdp(text)->media.at(0); }

}  // namespace

TEST_CASE("an m-line is SRTP by DTLS when it has a fingerprint, and the other end may begin") {
  const std::string line = fingerprint_line('A');
  for (const char* protocol : {"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "RTP/SAVP", "RTP/SAVPF"}) {
    CAPTURE(protocol);
    for (const char* setup : {"", "a=setup:actpass\r\n", "a=setup:active\r\n"}) {
      const SdpMedia media = first_of(srtp_offer(line + setup, protocol));
      CHECK(media.is_by_dtls());
      CHECK(media.is_srtp_audio());
      CHECK_FALSE(media.is_rtp_audio());
      REQUIRE(media.srtp_terms() != nullptr);
      CHECK_FALSE(media.srtp_terms()->has_keys());
      CHECK(to_text(media.srtp_terms()->by_dtls.value()) == fingerprint('A'));
    }
    for (const char* setup : {"a=setup:passive\r\n", "a=setup:holdconn\r\n"}) {
      CHECK_FALSE(first_of(srtp_offer(line + setup, protocol)).is_srtp_audio());
    }
    CHECK_FALSE(first_of(srtp_offer("a=fingerprint:sha-1 AB:CD\r\n", protocol)).is_srtp_audio());
  }
  CHECK_FALSE(first_of(srtp_offer(line, "RTP/AVP")).is_srtp_audio());
  CHECK(first_of(srtp_offer(line, "RTP/AVP")).is_rtp_audio());

  // Keys that are there are taken, except where the protocol says that they come by a handshake.
  const std::string crypto = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + std::string(kKey) + "\r\n";
  CHECK(first_of(srtp_offer(line + crypto, "RTP/SAVP")).srtp_terms()->has_keys());
  CHECK_FALSE(first_of(srtp_offer(line + crypto, "UDP/TLS/RTP/SAVP")).srtp_terms()->has_keys());
}

TEST_CASE("a fingerprint and a setup of the session are its m-lines', where these have none of their own") {
  const std::string first = "m=audio 40026 UDP/TLS/RTP/SAVP 0\r\n";
  const std::string second = "m=audio 40028 UDP/TLS/RTP/SAVP 0\r\n" + fingerprint_line('B') + "a=setup:active\r\n";
  const auto session = parse_sdp("v=0\r\nc=IN IP4 192.0.2.1\r\na=setup:passive\r\na=fingerprint:sha-1 AB\r\n" +
                                 fingerprint_line('A') + fingerprint_line('C') + first + second);
  REQUIRE(session);
  CHECK(to_text(session->media[0].fingerprint.value()) == fingerprint('A'));
  CHECK_FALSE(session->media[0].is_by_dtls());
  CHECK(to_text(session->media[1].fingerprint.value()) == fingerprint('B'));
  CHECK(session->media[1].is_by_dtls());
}

TEST_CASE("an offer of SRTP by DTLS is answered with our certificate, and that the other end begins") {
  const auto offered =
      media_offered(*parse_sdp(srtp_offer(fingerprint_line('A') + "a=setup:actpass\r\na=rtcp-mux\r\n", "RTP/SAVPF")));
  REQUIRE(offered);
  CHECK_FALSE(offered->crypto);
  CHECK(to_text(offered->srtp->by_dtls.value()) == fingerprint('A'));
  const std::string text = answer_to(*offered, {*parse_endpoint("198.51.100.7:30000"), 30000, fingerprint('B')}, 5);
  CHECK_THAT(text, Catch::Contains("m=audio 30000 RTP/SAVPF 0"));
  CHECK_THAT(text, Catch::Contains("a=setup:passive\r\n"));
  CHECK_THAT(text, Catch::Contains("a=rtcp-mux\r\n"));
  CHECK(to_text(first_of(text).fingerprint.value()) == fingerprint('B'));
}
