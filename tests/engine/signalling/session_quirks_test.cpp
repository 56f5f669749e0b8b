// What SBCs and media servers send that is not quite what the RFCs say, each from a description of it. All of it is
// recorded, or refused for a reason.
#include "answered.h"
#include "session_bodies.h"

using namespace assent;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

const Owners kBobAndAnna{"bob==", "anna=="};

Owners begun(const std::string& type, const std::string& body) {
  SessionRig rig;
  return owners_of(rig, answered(rig.begin(type, body)));
}

}  // namespace

TEST_CASE("labels of any form: numbers, words, blanks, what is no UTF-8") {
  for (const std::string label : {"1", "main-audio_7", "customer leg", "label:with=signs;<>", "\xff\xfe"}) {
    CAPTURE(label);
    SessionRig rig;
    const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(line_sdp(label))));
    CHECK(answer.media[0].label == label);
    CHECK(rig.calls.only().view.legs[0].label == (label == "\xff\xfe" ? "??" : label));
  }
}

TEST_CASE("a label of a kilobyte is a leg's as far as a name goes") {
  SessionRig rig;
  const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(line_sdp(std::string(1024, 'x')))));
  CHECK(answer.media[0].label.size() == 1024);
  CHECK(rig.calls.only().view.legs[0].label == std::string(256, 'x'));
}

TEST_CASE("one label on two m-lines tells nothing, and both are legs") {
  CHECK(begun("application/sdp", sdp_of(line_sdp("1") + line_sdp("1", 40002))) == Owners{"1", "1 (2)"});
}

TEST_CASE("the metadata's namespace without its version") {
  CHECK(begun(kMixed, replaced(usual_offer(), "xml:ns:recording:1", "xml:ns:recording")) == kBobAndAnna);
}

TEST_CASE("metadata with a prefix on every element") {
  for (const std::string prefix : {"tns:", "ns2:"}) {
    std::string metadata =
        replaced(replaced(metadata_of(bob_and_anna()), "<", "<" + prefix), "<" + prefix + "/", "</" + prefix);
    metadata = replaced(replaced(metadata, "<" + prefix + "?", "<?"), "xmlns=", "xmlns:" + prefix.substr(0, 3) + "=");
    CHECK(begun(kMixed, both(two_lines(), metadata)) == kBobAndAnna);
  }
}

TEST_CASE("metadata as application/rs-metadata, without +xml") {
  CHECK(begun(kMixed, both(two_lines(), metadata_of(bob_and_anna()), "application/rs-metadata")) == kBobAndAnna);
}

TEST_CASE("content types in any case, with parameters, and a quoted boundary") {
  std::string body = replaced(usual_offer(), "application/sdp", "Application/SDP;charset=utf-8");
  body = replaced(body, "application/rs-metadata+xml", "APPLICATION/RS-METADATA+XML ; charset=\"UTF-8\"");
  CHECK(begun("Multipart/Mixed; Boundary=\"foobar\"", replaced(body, "Content-Type:", "CONTENT-TYPE :")) ==
        kBobAndAnna);
}

TEST_CASE("lines that end with LF alone") {
  CHECK(begun(kMixed, replaced(usual_offer(), "\r\n", "\n")) == kBobAndAnna);
}

TEST_CASE("parts that are none of ours, before, between and after") {
  const std::string vendor =
      "--foobar\r\nContent-Type: application/isup;version=itu-t92+\r\nContent-Disposition: "
      "signal;handling=optional\r\n\r\n" +
      std::string("\x01\x00\x49\x00", 4) +
      "\r\n--foobar\r\nContent-Type: text/plain\r\n\r\nhello\r\n--foobar\r\n"
      "Content-Type: application/vnd.example.call-info+xml\r\n\r\n<info><id>1</id></info>\r\n";
  std::string body = vendor + usual_offer();
  body = replaced(body, "\r\n--foobar--\r\n", "\r\n" + vendor + "--foobar--\r\n");
  CHECK(begun(kMixed, body) == kBobAndAnna);
}

TEST_CASE("no metadata at all, in a multipart body") {
  CHECK(begun(kMixed, "--foobar\r\nContent-Type: application/sdp\r\n\r\n" + two_lines() + "\r\n--foobar--\r\n") ==
        Owners{"96", "97"});
}

TEST_CASE("times of 1970, without colons in their zones, and none") {
  for (const char* time : {"1970-01-01T00:00:00Z", "2026-12-01T10:00:00+0000", "yesterday", ""}) {
    const std::string joined = "<participantsessionassoc participant_id=\"bob==\" session_id=\"s==\"><associate-time>" +
                               std::string(time) + "</associate-time></participantsessionassoc>";
    CHECK(begun(kMixed, both(two_lines(), metadata_of(bob_and_anna() + joined))) == kBobAndAnna);
  }
}

TEST_CASE("one m-line, or more than two") {
  CHECK(begun("application/sdp", sdp_of(line_sdp("1"))) == Owners{"1"});
  std::string lines;
  Owners expected;
  for (int i = 1; i <= 5; ++i) {
    lines += line_sdp(std::to_string(i), 40000 + 2 * i);
    expected.push_back(std::to_string(i));
  }
  CHECK(begun("application/sdp", sdp_of(lines)) == expected);
}

TEST_CASE("more m-lines than a call has legs: the first are recorded, the others refused, and it is told") {
  SessionRig rig;
  std::string lines;
  for (int i = 0; i < 18; ++i) lines += line_sdp("", 40000 + 2 * i);
  const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(lines)));
  CHECK(answer.media[15].port != 0);
  CHECK(answer.media[16].port == 0);
  CHECK(answer.media[17].port == 0);
  CHECK(rig.told.size() == 2);
}

TEST_CASE("one m-line in which both are mixed") {
  const std::string metadata =
      metadata_of(person_xml("bob==", "sip:bob@b.example") + person_xml("anna==", "sip:anna@agents.example") +
                  stream_xml("st1", "1") + sends_xml("bob==", "st1") + sends_xml("anna==", "st1"));
  CHECK(begun(kMixed, both(sdp_of(line_sdp("1")), metadata)) == Owners{"bob=="});
}

TEST_CASE("codecs are refused one by one, and an m-line with none that is recorded alone") {
  SessionRig rig;
  const std::string lines =
      line_sdp("96", 40000, "4 0 101 98", "a=rtpmap:98 speex/8000\r\na=sendonly\r\n") + line_sdp("97", 40002, "4 3") +
      "m=video 40004 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\na=label:98\r\n" + "m=application 9 TCP/WSS/BFCP *\r\n";
  const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(lines)));
  REQUIRE(answer.media.size() == 4);
  REQUIRE(answer.media[0].formats.size() == 2);
  CHECK(answer.media[0].formats[0].payload_type == 0);
  CHECK(answer.media[0].formats[1].payload_type == 101);
  CHECK(answer.media[1].port == 0);
  CHECK(answer.media[2].port == 0);
  CHECK(answer.media[2].kind == "video");
  CHECK(answer.media[2].label == "98");
  CHECK(answer.media[3].protocol == "TCP/WSS/BFCP");
  CHECK(answer.media[3].port == 0);
}

TEST_CASE("an m-line that is encrypted with keys that nobody names is refused, and the others are recorded") {
  const std::string secured = replaced(line_sdp("1"), "RTP/AVP", "RTP/SAVP");
  CHECK(begun("application/sdp", sdp_of(secured + line_sdp("2", 40002))) == Owners{"", "2"});
  const std::string unknown =
      secured + "a=crypto:1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
  CHECK(begun("application/sdp", sdp_of(unknown + line_sdp("2", 40002))) == Owners{"", "2"});
}

TEST_CASE("payload types that cannot be, or stand for two things, are left out") {
  SessionRig rig;
  const std::string lines =
      line_sdp("1", 40000, "13 72 0 0 8 100",
               "a=rtpmap:72 opus/48000/2\r\na=rtpmap:100 telephone-event/48000\r\na=sendonly\r\n");
  const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(lines)));
  CHECK(rig.calls.only().view.legs[0].payloads ==
        LegPayloads{{{0, Codec{CodecName::pcmu}}, {8, Codec{CodecName::pcma}}}});
  CHECK(answer.media[0].formats.size() == 3);  // with comfort noise, which needs no agreement
}

TEST_CASE("metadata whose labels match no m-line: who speaks is unknown, and nobody is asked twice") {
  SessionRig rig;
  const std::string body = both(sdp_of(line_sdp("left") + line_sdp("right", 40002)), metadata_of(bob_and_anna()));
  CHECK(owners_of(rig, answered(rig.begin(kMixed, body))) == Owners{"left", "right"});
  CHECK(rig.calls.only().participants.size() == 2);
  REQUIRE(rig.told.size() == 1);
  CHECK_THAT(rig.told[0], Catch::Contains("labels"));
}

TEST_CASE("metadata with more who speak than there are m-lines: all of them are asked") {
  SessionRig rig;
  const std::string body = both(sdp_of(line_sdp("left")), metadata_of(bob_and_anna()));
  CHECK(owners_of(rig, answered(rig.begin(kMixed, body))) == Owners{"left"});
  CHECK(rig.calls.only().participants.size() == 3);
}

TEST_CASE("participants who only listen are participants") {
  SessionRig rig;
  const std::string body =
      both(two_lines(), metadata_of(bob_and_anna() + person_xml("coach", "sip:coach@agents.example")));
  answered(rig.begin(kMixed, body));
  CHECK(rig.calls.only().participants.size() == 3);
}

TEST_CASE("participants without an address, or who withhold it, are nobody in particular") {
  for (const char* aor : {"", "sip:anonymous@anonymous.invalid", "sip:Anonymous@192.0.2.1", "sip:192.0.2.1"}) {
    CAPTURE(aor);
    SessionRig rig;
    const std::string metadata =
        metadata_of(person_xml("bob==", aor) + stream_xml("st1", "1") + sends_xml("bob==", "st1"));
    CHECK(owners_of(rig, answered(rig.begin(kMixed, both(sdp_of(line_sdp("1")), metadata)))) == Owners{"bob=="});
    CHECK_FALSE(rig.calls.only().participants[0].subject);
  }
}

TEST_CASE("a participant's id that is too long for a ref has a digest for one, and is known by it again") {
  SessionRig rig;
  const std::string id(600, 'i');
  const std::string metadata =
      metadata_of(person_xml(id, "sip:b@b.example") + stream_xml("st1", "1") + sends_xml(id, "st1"));
  const auto first = owners_of(rig, answered(rig.begin(kMixed, both(sdp_of(line_sdp("1")), metadata))));
  CHECK(first[0].size() == 12 + 64);
  rig.calls.asked.clear();
  CHECK(owners_of(rig, answered(rig.change("application/rs-metadata+xml", metadata))) == first);
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("names of any length and bytes are made fit to be kept") {
  SessionRig rig;
  const std::string name = "Bob\r\n\t" + std::string(300, 'o') + "\xc3\xb6";
  const std::string metadata =
      metadata_of(person_xml("b", "sip:b@b.example", name) + stream_xml("s", "1") + sends_xml("b", "s"));
  answered(rig.begin(kMixed, both(sdp_of(line_sdp("1")), metadata)));
  const std::string kept = rig.calls.only().participants[0].name.value_or("");
  CHECK(kept.size() == 256);
  CHECK(kept.find_first_of("\r\n\t") == kept.npos);
}

TEST_CASE("RTCP on the port of RTP is agreed on where the leg has it so") {
  SessionRig rig;
  const SiprecAnswer answer =
      rig.begin("application/sdp", sdp_of(line_sdp("1", 40000, "0", "a=rtcp-mux\r\na=sendonly\r\n")));
  CHECK_THAT(answer.sdp, Catch::Contains("a=rtcp:30001") && !Catch::Contains("a=rtcp-mux"));
  for (LegView& leg : rig.calls.only().view.legs) leg.rtcp_port = leg.port;
  CHECK_THAT(rig.change("", "").sdp, Catch::Contains("a=rtcp:30000") && Catch::Contains("a=rtcp-mux"));
}

TEST_CASE("redundancy and comfort noise on the clock of the audio are taken") {
  SessionRig rig;
  answered(rig.begin("application/sdp",
                     sdp_of(line_sdp("1", 40000, "121 0 118", "a=rtpmap:121 red/8000\r\na=rtpmap:118 CN/8000\r\n"))));
  const LegPayloads& payloads = rig.calls.only().view.legs[0].payloads;
  CHECK(payloads.redundancy == std::uint8_t{121});
  CHECK(payloads.comfort_noise == std::uint8_t{118});
}
