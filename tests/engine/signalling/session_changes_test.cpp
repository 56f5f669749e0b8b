// Recording sessions that change: holds, re-offers, people who come and go.
#include "answered.h"
#include "session_bodies.h"

using namespace assent;

namespace {

// A session of Bob and Anna.
struct Begun : SessionRig {
  SdpSession first;
  Begun() : first(answered(begin(kMixed, usual_offer()))) { calls.asked.clear(); }

  SdpSession offered(const std::string& lines) { return answered(change("application/sdp", sdp_of(lines))); }
  SdpSession said(const std::string& elements, const std::string& mode = "partial") {
    return answered(change("application/rs-metadata+xml", metadata_of(elements, mode)));
  }
  const LegView& leg(const std::string& label) {
    for (const LegView& one : calls.only().view.legs) {
      if (one.label == label) return one;
    }
    FAIL("no leg " << label);
    return calls.only().view.legs.front();
  }
};

std::string version_of(const std::string& sdp) {
  const auto begin = sdp.find("o=- ");
  return sdp.substr(begin, sdp.find(" IN ", begin) - begin);
}

}  // namespace

TEST_CASE("a refresh changes nothing, and says how the session stands") {
  Begun rig;
  const SiprecAnswer empty = rig.change("", "");
  CHECK(answered(empty).media[0].port == rig.first.media[0].port);
  const SiprecAnswer same = rig.change(kMixed, usual_offer());
  CHECK(same.sdp == empty.sdp);
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("a hold and its end keep the leg, and the answer's version grows with each") {
  Begun rig;
  const std::string before = version_of(rig.change("", "").sdp);
  const auto with = [](const char* direction) {
    return sdp_of(line_sdp("96", 40000, "0 8 101", direction) + line_sdp("97", 40002, "0 8 101", direction));
  };
  const SiprecAnswer held = rig.change("application/sdp", with("a=inactive\r\n"));
  CHECK(answered(held).media[0].direction == SdpDirection::inactive);
  CHECK(answered(held).media[0].port == rig.first.media[0].port);
  const SiprecAnswer resumed = rig.change("application/sdp", with("a=sendonly\r\n"));
  CHECK(answered(resumed).media[0].direction == SdpDirection::recvonly);
  CHECK(std::set<std::string>{before, version_of(held.sdp), version_of(resumed.sdp)}.size() == 3);
  CHECK(rig.calls.asked == std::vector<std::string>{"remember", "remember"});
}

TEST_CASE("a hold by the address 0.0.0.0 is a hold, and forgets no address") {
  Begun rig;
  const SdpSession held =
      answered(rig.change("application/sdp", sdp_of(line_sdp("96") + line_sdp("97", 40002), "IN IP4 0.0.0.0")));
  CHECK(held.media[0].direction == SdpDirection::inactive);
  CHECK(rig.calls.only().sources.at("96") == parse_endpoint("192.0.2.1:0"));
  CHECK_FALSE(was_asked(rig, "change"));
}

TEST_CASE("a re-offer from another port looks for the sender anew, and from another address pins that") {
  Begun rig;
  CHECK(owners_of(rig, rig.offered(line_sdp("96", 50000) + line_sdp("97", 40002))) == Owners{"bob==", "anna=="});
  CHECK(rig.calls.asked == std::vector<std::string>{"change", "remember"});
  answered(rig.change("application/sdp", sdp_of(line_sdp("96", 50000) + line_sdp("97", 40002), "IN IP4 192.0.2.77")));
  CHECK(rig.calls.only().sources.at("96") == parse_endpoint("192.0.2.77:0"));
}

TEST_CASE("a re-offer with other codecs or payload types changes the legs that have them") {
  Begun rig;
  const SdpSession answer = rig.offered(line_sdp("96", 40000, "8 101") + line_sdp("97", 40002));
  CHECK(rig.leg("96").payloads == LegPayloads{{{8, Codec{CodecName::pcma}}}, std::uint8_t{101}});
  CHECK(answer.media[0].formats.size() == 2);
  CHECK(std::count(rig.calls.asked.begin(), rig.calls.asked.end(), "change") == 1);
}

TEST_CASE("a leg that has no room for other codecs is replaced by one of the same speaker, on its ports") {
  Begun rig;
  rig.calls.fails.emplace("change", error(Errc::exhausted, "no room"));
  const SdpSession answer = rig.offered(line_sdp("96", 40000, "8 101") + line_sdp("97", 40002));
  CHECK(answer.media[0].port == rig.first.media[0].port);
  CHECK(owners_of(rig, answer) == Owners{"bob==", "anna=="});
  CHECK(rig.leg("96").has_ended);
  CHECK(rig.leg("96 (2)").payloads.formats.front().payload_type == 8);
  rig.calls.fails.reset();
  rig.calls.asked.clear();
  rig.offered(line_sdp("96", 40000, "8 101") + line_sdp("97", 40002));
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("m-lines that change places are known by their labels") {
  Begun rig;
  const SdpSession answer = rig.offered(line_sdp("97", 40002) + line_sdp("96"));
  CHECK(owners_of(rig, answer) == Owners{"anna==", "bob=="});
  CHECK(rig.calls.asked == std::vector<std::string>{"remember"});
}

TEST_CASE(
    "a label that several m-lines have tells nothing: they are known by their places, and what is new is nobody's") {
  SessionRig rig;
  answered(rig.begin("application/sdp", sdp_of(line_sdp("x") + line_sdp("x", 40002))));
  const SdpSession answer =
      answered(rig.change("application/sdp", sdp_of(line_sdp("x") + line_sdp("y", 40004) + line_sdp("x", 40002))));
  CHECK(owners_of(rig, answer) == Owners{"x", "y", "x (3)"});
}

TEST_CASE("m-lines without labels are known by their places") {
  SessionRig rig;
  answered(rig.begin("application/sdp", sdp_of(line_sdp("") + line_sdp("", 40002))));
  rig.calls.asked.clear();
  const SdpSession answer = answered(rig.change("application/sdp", sdp_of(line_sdp("", 40000) + line_sdp("", 40002))));
  CHECK(owners_of(rig, answer) == Owners{"stream-1", "stream-2"});
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("a re-offer that leaves the labels out means the m-lines in their places") {
  Begun rig;
  CHECK(owners_of(rig, rig.offered(line_sdp("") + line_sdp("", 40002))) == Owners{"bob==", "anna=="});
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("an m-line refused later ends its leg, and its participant stays") {
  Begun rig;
  const SdpSession answer = rig.offered(line_sdp("96", 0) + line_sdp("97", 40002));
  CHECK(owners_of(rig, answer) == Owners{"", "anna=="});
  CHECK(was_asked(rig, "leave leg:96"));
  // It comes again: as another leg, of the same person.
  const SdpSession again = rig.offered(line_sdp("96") + line_sdp("97", 40002));
  CHECK(owners_of(rig, again) == Owners{"bob==", "anna=="});
  CHECK(rig.leg("96").has_ended);
  CHECK_FALSE(rig.leg("96 (2)").has_ended);
}

TEST_CASE("a session may have no m-line left for a while") {
  Begun rig;
  CHECK(owners_of(rig, rig.offered(line_sdp("96", 0) + line_sdp("97", 0))) == Owners{"", ""});
  CHECK(rig.calls.live.size() == 1);
}

TEST_CASE("a re-offer of which nothing can be recorded is refused, and the session stays as it was") {
  Begun rig;
  check_refused(rig.change("application/sdp", sdp_of(line_sdp("96", 40000, "3 4"))), 488, "GSM, G723");
  check_refused(rig.change("application/sdp", "nonsense"), 400, "line 1");
  check_refused(rig.change("text/plain", "x"), 415, "application/sdp");
  CHECK(rig.calls.asked.empty());
  CHECK(owners_of(rig, answered(rig.change("", ""))) == Owners{"bob==", "anna=="});
}

TEST_CASE("who joins with an m-line is a participant with a leg") {
  Begun rig;
  const std::string joins =
      person_xml("eve", "tel:+1-201-555-0123") + stream_xml("st3", "98") + sends_xml("eve", "st3");
  const SdpSession answer =
      answered(rig.change(kMixed, both(sdp_of(line_sdp("96") + line_sdp("97", 40002) + line_sdp("98", 40004)),
                                       metadata_of(joins, "partial"))));
  CHECK(owners_of(rig, answer) == Owners{"bob==", "anna==", "eve"});
  CHECK(rig.calls.only().participants.back().subject == "tel:+12015550123");
  CHECK(rig.calls.asked == std::vector<std::string>{"legs", "remember"});
}

TEST_CASE("who leaves by the metadata leaves the call, and their m-line is heard no more while it is nobody's") {
  Begun rig;
  const SdpSession answer = rig.said(leaves_xml("anna=="));
  CHECK(rig.calls.asked == std::vector<std::string>{"leave anna==", "remember"});
  CHECK(answer.media[1].port == rig.first.media[1].port);
  CHECK(owners_of(rig, answer) == Owners{"bob==", "-"});
  CHECK(rig.told.size() == 1);
  // A re-offer that says no more changes nothing of that; whoever is said to speak there does, on the same ports.
  CHECK(owners_of(rig, rig.offered(line_sdp("96") + line_sdp("97", 40002))) == Owners{"bob==", "-"});
  const SdpSession carl = rig.said(person_xml("carl", "sip:carl@agents.example") + sends_xml("carl", "st2"));
  CHECK(owners_of(rig, carl) == Owners{"bob==", "carl"});
  CHECK(carl.media[1].port == rig.first.media[1].port);
  CHECK(rig.told.size() == 1);
}

TEST_CASE("whom a complete document leaves out has left, and who comes again comes anew") {
  Begun rig;
  rig.said(person_xml("bob==", "sip:bob@biloxi.example") + stream_xml("st1", "96") + sends_xml("bob==", "st1"),
           "complete");
  CHECK(was_asked(rig, "leave anna=="));
  rig.offered(line_sdp("96") + line_sdp("97", 0));
  rig.calls.asked.clear();
  const SdpSession again = answered(rig.change(kMixed, usual_offer()));
  CHECK(owners_of(rig, again) == Owners{"bob==", "anna== (2)"});
}

TEST_CASE("a transfer: another speaks in the same m-line, as another participant with another leg on its ports") {
  Begun rig;
  const SdpSession answer = rig.said(leaves_xml("anna==") + person_xml("carl", "sip:carl@agents.example", "Carl") +
                                     sends_xml("carl", "st2", "st1"));
  CHECK(owners_of(rig, answer) == Owners{"bob==", "carl"});
  CHECK(answer.media[1].port == rig.first.media[1].port);
  CHECK(rig.leg("97").has_ended);
  // Carl is asked before Anna is not: at no time is the call without either.
  CHECK(rig.calls.asked == std::vector<std::string>{"legs", "leave anna==", "remember"});
}

TEST_CASE("metadata that comes after the offer says who speaks, and they are asked as themselves") {
  SessionRig rig;
  const SdpSession first = answered(rig.begin("application/sdp", two_lines()));
  CHECK(owners_of(rig, first) == Owners{"96", "97"});
  const SdpSession answer = answered(rig.change("application/rs-metadata+xml", metadata_of(bob_and_anna())));
  CHECK(owners_of(rig, answer) == Owners{"bob==", "anna=="});
  CHECK(answer.media[0].port == first.media[0].port);
  CHECK(was_asked(rig, "leave 96 97"));
}

TEST_CASE("a stream that is taken from somebody is nobody's, and they stay") {
  Begun rig;
  const SdpSession answer = rig.said(
      "<participantstreamassoc participant_id=\"anna==\"><send>st2</send>"
      "<disassociate-time>2026-12-16T23:43:07Z</disassociate-time></participantstreamassoc>");
  CHECK(owners_of(rig, answer) == Owners{"bob==", "-"});
  CHECK(was_asked(rig, "leave leg:97"));
}

TEST_CASE("several voices in one m-line make the call all-party, whatever the trunk says") {
  SessionRig rig;
  rig.trunk->policy = "per-party";
  const std::string mixed = person_xml("anna", "sip:anna@agents.example") + person_xml("bob", "sip:bob@b.example") +
                            stream_xml("st1", "96") + sends_xml("anna", "st1") + sends_xml("bob", "st1");
  const SdpSession answer = answered(rig.begin(kMixed, both(sdp_of(line_sdp("96")), metadata_of(mixed))));
  CHECK(rig.calls.only().spec.policy == "all-party");
  CHECK(rig.calls.only().participants.size() == 2);
  CHECK(owners_of(rig, answer) == Owners{"bob"});  // whose keys it brings: the one who is asked
}

TEST_CASE("voices that are mixed later are recorded only where the call is all-party") {
  for (const std::string policy : {"per-party", "one-party", "all-party"}) {
    CAPTURE(policy);
    SessionRig rig;
    rig.trunk->policy = policy;
    answered(rig.begin(kMixed, usual_offer()));
    const SdpSession answer =
        answered(rig.change("application/rs-metadata+xml", metadata_of(sends_xml("anna==", "st1"), "partial")));
    CHECK(owners_of(rig, answer) == (policy == "all-party" ? Owners{"bob==", "-"} : Owners{"", "-"}));
  }
}

TEST_CASE("a change that fails half-way is made whole by the next") {
  for (const char* failing : {"legs", "leave", "change"}) {
    CAPTURE(failing);
    Begun rig;
    const std::string moved =
        both(sdp_of(line_sdp("96", 50000) + line_sdp("97", 40002)),
             metadata_of(leaves_xml("anna==") + person_xml("carl", "sip:carl@c.example") + sends_xml("carl", "st2"),
                         "partial"));
    rig.calls.fails.emplace(failing, error(Errc::unavailable, "not now"));
    check_refused(rig.change(kMixed, moved), 503, "not now");
    rig.calls.fails.reset();
    CHECK(owners_of(rig, answered(rig.change(kMixed, moved))) == Owners{"bob==", "carl"});
    CHECK(was_asked(rig, "leave anna=="));
    CHECK(was_asked(rig, "change"));
    CHECK(rig.calls.only().participants.size() == 3);
  }
}

TEST_CASE("what cannot be remembered is told, and does not undo the change") {
  Begun rig;
  rig.calls.fails.emplace("remember", error(Errc::unavailable, "not now"));
  CHECK(owners_of(rig, rig.offered(line_sdp("97", 40002) + line_sdp("96"))) == Owners{"anna==", "bob=="});
  REQUIRE(rig.told.size() == 1);
  CHECK_THAT(rig.told[0], Catch::Contains("may not go on after a restart"));
}

TEST_CASE("legs that come and go are bounded, and the one too many is refused alone") {
  Begun rig;
  for (int i = 0; i < 20; ++i) {
    rig.offered(line_sdp("96", 0) + line_sdp("97", 40002));
    const SdpSession answer = rig.offered(line_sdp("96") + line_sdp("97", 40002));
    CHECK(owners_of(rig, answer)[1] == "anna==");
    CHECK((answer.media[0].port != 0) == (i < 14));
  }
  CHECK(rig.calls.only().view.legs.size() == 16);
}

TEST_CASE("where more people come than a call has, nothing more is recorded, rather than them unasked") {
  Begun rig;
  std::string crowd;
  for (int i = 0; i < 15; ++i) crowd += person_xml("p" + std::to_string(i), "sip:p@p.example");
  const SdpSession answer = rig.said(crowd);
  CHECK(owners_of(rig, answer) == Owners{"", ""});
  CHECK(was_asked(rig, "leave leg:96 leg:97"));
  REQUIRE(rig.told.size() == 1);
  CHECK_THAT(rig.told[0], Catch::Contains("at most 16 participants"));
  CHECK(rig.calls.live.size() == 1);
}

TEST_CASE("what has been said of a session stays bounded, however often it changes") {
  Begun rig;
  for (int i = 0; i < 400; ++i) {
    const std::string id = "p" + std::to_string(i);
    (void)rig.said(person_xml(id, "sip:p@p.example") + stream_xml("s" + id, "l" + id) + sends_xml(id, "s" + id) +
                   leaves_xml(id));
  }
  CHECK(rig.calls.only().view.signalled->size() < 20'000);
  CHECK(owners_of(rig, answered(rig.change("", ""))) == Owners{"bob==", "anna=="});
}
