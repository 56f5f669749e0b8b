#include "engine/signalling/recorded_sessions.h"

#include "answered.h"
#include "engine/signalling/session_offer.h"
#include "session_bodies.h"
#include "session_rig.h"

using namespace assent;

TEST_CASE("a session becomes a call: its m-lines legs, its people participants, by trunk and metadata") {
  SessionRig rig;
  const SdpSession answer = answered(rig.begin(kMixed, usual_offer()));
  REQUIRE(rig.calls.live.size() == 1);
  const auto& kept = rig.calls.only();
  CHECK(kept.spec.tenant == "acme");
  CHECK(kept.spec.policy == "all-party");
  REQUIRE(kept.spec.notice);
  CHECK(kept.spec.notice->id == "welcome");
  CHECK(kept.spec.ref == "rec-1@sbc.example");
  CHECK(kept.caller.token_id == "sbc");
  CHECK(kept.caller.by == Caller::By::trunk);
  REQUIRE(kept.participants.size() == 2);
  CHECK(kept.participants[0].ref == "bob==");
  CHECK(kept.participants[0].subject == "sip:Bob@biloxi.example");
  CHECK(kept.participants[0].role == "customer");
  CHECK(kept.participants[0].name == "Bob");
  CHECK(kept.participants[0].address == "sip:Bob@Biloxi.example;user=ip");
  CHECK(kept.participants[1].role == "agent");
  REQUIRE(kept.spec.legs.size() == 2);
  CHECK(kept.spec.legs[0].label == "96");
  CHECK(kept.spec.legs[0].participant == "bob==");
  CHECK(kept.spec.legs[0].payloads ==
        LegPayloads{{{0, Codec{CodecName::pcmu}}, {8, Codec{CodecName::pcma}}}, std::uint8_t{101}});
  CHECK(kept.spec.legs[0].source == parse_endpoint("192.0.2.1:0"));
  CHECK(kept.spec.legs[1].participant == "anna==");

  REQUIRE(answer.media.size() == 2);
  CHECK(answer.media[0].address == parse_endpoint("198.51.100.1:30000"));
  CHECK(answer.media[0].rtcp_port == 30001);
  CHECK(answer.media[0].label == "96");
  CHECK(answer.media[0].direction == SdpDirection::recvonly);
  CHECK(answer.media[0].formats.size() == 3);
  CHECK(answer.media[1].label == "97");
  CHECK(answer.media[1].port == 30002);
}

TEST_CASE("without metadata somebody unknown speaks in each m-line") {
  SessionRig rig;
  const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(line_sdp("") + line_sdp("", 40002))));
  CHECK(owners_of(rig, answer) == Owners{"stream-1", "stream-2"});
  for (const ParticipantSpec& one : rig.calls.only().participants) {
    CHECK_FALSE(one.subject);
    CHECK(one.role == "customer");
  }
  CHECK(rig.calls.only().view.legs[0].label == "stream-1");
}

TEST_CASE("an m-line that does not send now is answered as inactive, and keeps its leg") {
  SessionRig rig;
  const SdpSession answer = answered(rig.begin("application/sdp", sdp_of(line_sdp("1", 40000, "0", "a=inactive\r\n") +
                                                                         line_sdp("2", 40002, "0", "a=recvonly\r\n") +
                                                                         line_sdp("3", 40004, "0", "a=sendrecv\r\n"))));
  CHECK(answer.media[0].direction == SdpDirection::inactive);
  CHECK(answer.media[1].direction == SdpDirection::inactive);
  CHECK(answer.media[2].direction == SdpDirection::recvonly);
  CHECK(rig.calls.only().view.legs.size() == 3);
}

TEST_CASE("the call is found by the identifier that its parties have, where one is said") {
  SessionRig rig;
  SiprecOffer offer = rig.offer(kMixed, "");
  const std::string metadata = metadata_of(
      "<session session_id=\"s==\"><sipSessionID>ab30317f1a784dc48ff824d0d3715d86"
      ";remote=47755a9de7794ba387653f2099600ef2</sipSessionID></session>" +
      bob_and_anna());
  const std::string body = both(two_lines(), metadata);
  offer.body = body;
  CHECK(rig.sessions.begin(offer).status == 200);
  CHECK(rig.calls.only().spec.ref == "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2");
  rig.sessions.end(rig.dialog, "test");
  offer.session_id = "0123;remote=4567";
  CHECK(rig.sessions.begin(offer).status == 200);
  CHECK(rig.calls.only().spec.ref == "0123;remote=4567");
}

TEST_CASE("a trunk behind a NAT is not pinned to the address that it names") {
  SessionRig rig;
  rig.trunk->media_from = SiprecTrunk::MediaFrom::anywhere;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  CHECK_FALSE(rig.calls.only().sources.at("96"));
}

TEST_CASE("where an m-line has a name for an address, it is taken from where the request came") {
  SessionRig rig;
  answered(rig.begin("application/sdp", sdp_of(line_sdp("1"), "IN IP4 sbc.example")));
  CHECK(rig.calls.only().sources.at("1") == parse_endpoint("192.0.2.99:0"));
}

TEST_CASE("IPv6 is offered and pinned like IPv4") {
  SessionRig rig;
  answered(rig.begin("application/sdp", sdp_of(line_sdp("1"), "IN IP6 2001:db8::7")));
  CHECK(rig.calls.only().sources.at("1") == parse_endpoint("[2001:db8::7]:0"));
}

TEST_CASE("what is no offer is refused with what is wrong, and nothing is left of it") {
  SessionRig rig;
  const std::string nothing_known = sdp_of(line_sdp("1", 40000, "4 98", "a=rtpmap:98 GSM/8000\r\n"));
  check_refused(rig.begin("application/sdp", ""), 400, "begins with an offer");
  check_refused(rig.begin("application/sdp", "v=1\r\n"), 400, "must be v=0");
  check_refused(rig.begin("multipart/mixed", "--x"), 400, "boundary");
  check_refused(rig.begin("text/plain", "hello"), 415, "application/sdp");
  check_refused(rig.begin("application/rs-metadata+xml", metadata_of(bob_and_anna())), 400, "begins with an offer");
  check_refused(rig.begin(kMixed, both(two_lines(), "<recording")), 400, "line 1");
  check_refused(rig.begin(kMixed, both(two_lines(), "<!DOCTYPE recording []><recording/>")), 400, "DOCTYPE");
  check_refused(rig.begin("application/sdp", nothing_known), 488, "G723, GSM");
  check_refused(rig.begin("application/sdp", sdp_of("")), 488, "nothing is offered");
  check_refused(rig.begin("application/sdp", sdp_of("m=video 9 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n")), 488,
                "H264");
  std::string crowd;
  for (int i = 0; i < 17; ++i) crowd += person_xml("p" + std::to_string(i), "sip:p@p.example");
  check_refused(rig.begin(kMixed, both(two_lines(), metadata_of(crowd))), 488, "at most 16 participants");
  CHECK(rig.calls.live.empty());
  CHECK(rig.sessions.ended().empty());
}

TEST_CASE("what the calls refuse is refused by the status that says what helps") {
  const std::tuple<Errc, unsigned, bool> table[] = {
      {Errc::exhausted, 503, true},    {Errc::unavailable, 503, true}, {Errc::overloaded, 503, true},
      {Errc::disk_full, 503, true},    {Errc::over_quota, 480, true},  {Errc::io, 500, false},
      {Errc::corrupt, 500, false},     {Errc::denied, 500, false},     {Errc::conflict, 500, false},
      {Errc::unsupported, 488, false}, {Errc::invalid, 488, false}};
  for (const auto& [code, status, later] : table) {
    SessionRig rig;
    rig.calls.fails.emplace("create", error(code, "so it is"));
    const SiprecAnswer answer = rig.begin(kMixed, usual_offer());
    check_refused(answer, status, "so it is");
    CHECK(answer.retry_after.has_value() == later);
  }
}

TEST_CASE("whatever fails after the call is made, the call ends") {
  for (const char* failing : {"note", "decide", "pause"}) {
    CAPTURE(failing);
    SessionRig rig;
    rig.calls.fails.emplace(failing, error(Errc::unavailable, "not now"));
    const std::string wishes = "a=sendonly\r\na=recordpref:";
    const std::string sdp =
        sdp_of(line_sdp("96", 40000, "0", wishes + "off\r\n") + line_sdp("97", 40002, "0", wishes + "pause\r\n"));
    check_refused(rig.begin("application/sdp", sdp), 503, "not now");
    CHECK(rig.calls.live.empty());
    check_refused(rig.change("", ""), 481, "no such");
  }
}

TEST_CASE("the end of a dialog is the end of its call, and one that cannot be had at once is asked for again") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  rig.calls.fails.emplace("end", error(Errc::exhausted, "too many wait"));
  rig.sessions.end(rig.dialog, "BYE");
  CHECK(rig.calls.live.size() == 1);
  CHECK(rig.told.size() == 1);
  check_refused(rig.change("", ""), 481, "no such");
  rig.calls.fails.reset();
  CHECK(rig.sessions.ended().empty());  // nobody is to be told
  CHECK(rig.calls.live.empty());
  rig.sessions.end(rig.dialog, "BYE");  // twice is nothing
  const auto asked = rig.calls.asked.size();
  CHECK(rig.sessions.ended().empty());
  CHECK(rig.calls.asked.size() == asked);
}

TEST_CASE("a dialog whose call ended otherwise is told once") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  CHECK(rig.sessions.ended().empty());
  rig.calls.live.clear();
  CHECK(rig.sessions.ended() == std::vector<SipDialog>{rig.dialog});
  CHECK(rig.sessions.ended().empty());
  check_refused(rig.change("", ""), 481, "no such");
}

TEST_CASE("a change of a call that has just ended is answered 481, and told no more") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  rig.calls.live.clear();
  check_refused(rig.change(kMixed, usual_offer()), 481, "has ended");
  CHECK(rig.sessions.ended().empty());
}

TEST_CASE("another dialog's tags find no session") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  const SipDialog ours = rig.dialog;
  for (const SipDialog& other :
       {SipDialog{"x", ours.local_tag, ours.remote_tag}, SipDialog{ours.call_id, "x", ours.remote_tag},
        SipDialog{ours.call_id, ours.local_tag, "x"}}) {
    rig.dialog = other;
    check_refused(rig.change("", ""), 481, "no such");
    check_refused(rig.sessions.inform(other, "application/dtmf", "1"), 481, "no such");
    rig.sessions.end(other, "BYE");
  }
  CHECK(rig.calls.live.size() == 1);
}

TEST_CASE("after a restart sessions are taken up, and go on as they stood") {
  SessionRig rig;
  const SdpSession first = answered(rig.begin(kMixed, usual_offer()));
  const SiprecAnswer before = rig.change("", "");
  RecordedSessions again(rig.calls, [](const std::string&) {});
  const auto taken_up = again.take_up();
  REQUIRE(taken_up.size() == 1);
  CHECK(taken_up[0].dialog == rig.dialog);
  CHECK(again.change(rig.offer("", "")).sdp == before.sdp);
  // The m-lines the other way round: they are known by their labels still, and nobody is asked anew.
  rig.calls.asked.clear();
  const std::string turned = sdp_of(line_sdp("97", 40002) + line_sdp("96", 40000));
  const SdpSession after = answered(again.change(rig.offer("application/sdp", turned)));
  CHECK(after.media[0].port == first.media[1].port);
  CHECK(after.media[1].port == first.media[0].port);
  CHECK(rig.calls.asked == std::vector<std::string>{"remember"});
  again.end(rig.dialog, "BYE");
  CHECK(rig.calls.live.empty());
}

TEST_CASE("what whoever speaks SIP keeps with a session comes back as it was last, whatever became of the offer") {
  SessionRig rig;
  SiprecOffer offer = rig.offer(kMixed, "");
  const std::string body = usual_offer();
  offer.body = body;
  offer.kept = std::string("\x00\xff one", 6);
  CHECK(rig.sessions.begin(offer).status == 200);
  const auto kept = [&] {
    const auto taken_up = RecordedSessions(rig.calls, [](const std::string&) {}).take_up();
    return taken_up.size() == 1 ? taken_up[0].kept : "none";
  };
  CHECK(kept() == offer.kept);
  for (const auto& [type, text, said] : {std::tuple("", "", "two"), std::tuple("text/plain", "x", "three")}) {
    offer.content_type = type;
    offer.body = text;
    offer.kept = said;
    (void)rig.sessions.change(offer);
    CHECK(kept() == said);
  }
  CHECK(rig.change("", "").status == 200);
  CHECK(kept() == "three");
}

TEST_CASE("that a sender knows of recording is on record") {
  SessionRig rig;
  const std::string body = usual_offer();
  SiprecOffer offer = rig.offer(kMixed, body);
  offer.wants_recording_aware = true;
  CHECK(rig.sessions.begin(offer).status == 200);
  CHECK(was_asked(rig, "note  record-aware"));
}

TEST_CASE("calls that are nobody's sessions are not taken up") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  auto& signalled = rig.calls.only().view.signalled;
  signalled.reset();
  CHECK(RecordedSessions(rig.calls, [](const std::string&) {}).take_up().empty());
  signalled = "{}";
  std::vector<std::string> told;
  CHECK(RecordedSessions(rig.calls, [&](const std::string& line) { told.push_back(line); }).take_up().empty());
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::Contains("makes no sense"));
}

// ---- keys -----------------------------------------------------------------------------------------------------------

TEST_CASE("a key in INFO is that of the one who is no agent") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  CHECK(rig.sessions.inform(rig.dialog, "application/dtmf-relay", "Signal=1\r\nDuration=160\r\n").status == 200);
  CHECK(rig.sessions.inform(rig.dialog, "application/dtmf", "#").status == 200);
  CHECK(was_asked(rig, "press bob== 1"));
  CHECK(was_asked(rig, "press bob== #"));
}

TEST_CASE("a key that may be several people's is nobody's, and no more than that is said") {
  SessionRig rig;
  rig.trunk->agents.clear();
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  rig.calls.asked.clear();
  const SiprecAnswer answer = rig.sessions.inform(rig.dialog, "application/dtmf-relay", "Signal=1");
  CHECK(answer.status == 200);
  CHECK_THAT(answer.reason, Catch::Contains("nobody's key"));
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("a key is that of who is left when the others have gone") {
  SessionRig rig;
  rig.trunk->agents.clear();
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  CHECK(rig.sessions.inform(rig.dialog, "application/rs-metadata+xml", metadata_of(leaves_xml("anna=="), "partial"))
            .status == 200);
  CHECK(rig.sessions.inform(rig.dialog, "application/dtmf", "9").status == 200);
  CHECK(was_asked(rig, "press bob== 9"));
}

TEST_CASE("INFO with something else is refused with what it may bring") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  check_refused(rig.sessions.inform(rig.dialog, "application/dtmf-relay", "Duration=160"), 400, "no key");
  check_refused(rig.sessions.inform(rig.dialog, "application/dtmf", "!"), 400, "no key");
  check_refused(rig.sessions.inform(rig.dialog, "application/sdp", two_lines()), 415, "dtmf-relay");
  check_refused(rig.sessions.inform(rig.dialog, "text/plain", "x"), 415, "taken");
  check_refused(rig.sessions.inform(rig.dialog, "application/rs-metadata+xml", "<x/>"), 400, "begins with");
}

TEST_CASE("metadata in INFO is applied, and answered without a description") {
  SessionRig rig;
  CHECK(rig.begin(kMixed, usual_offer()).status == 200);
  const SiprecAnswer answer = rig.sessions.inform(rig.dialog, "application/rs-metadata",
                                                  metadata_of(person_xml("eve", "sip:eve@e.example"), "partial"));
  CHECK(answer.status == 200);
  CHECK(answer.sdp.empty());
  CHECK(rig.calls.only().participants.back().ref == "eve");
}

// ---- what is said of recording --------------------------------------------------------------------------------------

TEST_CASE("no recording state or preference is consent") {
  for (const char* said :
       {"a=record:on", "a=record:paused", "a=record:off", "a=recordpref:on", "a=recordpref:nopreference"}) {
    CAPTURE(said);
    SessionRig rig;
    const std::string sdp =
        sdp_of(line_sdp("96", 40000, "0", std::string("a=sendonly\r\n") + said + "\r\n") + line_sdp("97"));
    CHECK(rig.begin(kMixed, both(sdp, metadata_of(bob_and_anna()))).status == 200);
    CHECK(rig.calls.asked == std::vector<std::string>{"create", "note bob== " + std::string(said).substr(2)});
  }
}

TEST_CASE("who would not be recorded is refused for, before the session is answered") {
  SessionRig rig;
  const std::string off = "a=sendonly\r\na=recordpref:off\r\n";
  CHECK(rig.begin(kMixed, both(sdp_of(line_sdp("96", 40000, "0", off) + line_sdp("97")), metadata_of(bob_and_anna())))
            .status == 200);
  CHECK(was_asked(rig, "decide bob== denied siprec"));
  CHECK(was_asked(rig, "note bob== recordpref:off"));
  // Said again it is no news, and taken back it is no consent.
  rig.calls.asked.clear();
  CHECK(rig.change("application/sdp", sdp_of(line_sdp("96", 40000, "0", off) + line_sdp("97"))).status == 200);
  CHECK(rig.calls.asked.empty());
  CHECK(rig.change("application/sdp",
                   sdp_of(line_sdp("96", 40000, "0", "a=sendonly\r\na=recordpref:on\r\n") + line_sdp("97")))
            .status == 200);
  CHECK(rig.calls.asked == std::vector<std::string>{"note bob== recordpref:on", "remember"});
}

TEST_CASE("a preference of the whole session is everybody's") {
  SessionRig rig;
  const std::string sdp = "v=0\r\nc=IN IP4 192.0.2.1\r\na=recordpref:off\r\n" + line_sdp("96") + line_sdp("97", 40002);
  CHECK(rig.begin(kMixed, both(sdp, metadata_of(bob_and_anna()))).status == 200);
  CHECK(was_asked(rig, "decide bob== denied siprec"));
  CHECK(was_asked(rig, "decide anna== denied siprec"));
}

TEST_CASE("a preference to pause pauses the call, until nobody's side asks for it any more") {
  SessionRig rig;
  const auto offer = [](const std::string& first, const std::string& second) {
    return sdp_of(line_sdp("96", 40000, "0", "a=sendonly\r\n" + first) +
                  line_sdp("97", 40002, "0", "a=sendonly\r\n" + second));
  };
  const std::string pause = "a=recordpref:pause\r\n";
  CHECK(rig.begin("application/sdp", offer(pause, "")).status == 200);
  CHECK(was_asked(rig, "pause"));
  CHECK(rig.change("application/sdp", offer("", pause)).status == 200);
  CHECK_FALSE(was_asked(rig, "resume"));
  CHECK(rig.change("application/sdp", offer("", "a=recordpref:on\r\n")).status == 200);
  CHECK(was_asked(rig, "resume"));
  // A pause that others asked for is theirs to end.
  rig.calls.asked.clear();
  CHECK(rig.change("application/sdp", offer("", "")).status == 200);
  CHECK_FALSE(was_asked(rig, "resume"));
}

TEST_CASE("what is no known state or preference is passed over") {
  SessionRig rig;
  CHECK(
      rig.begin("application/sdp", sdp_of(line_sdp("1", 40000, "0", "a=sendonly\r\na=record:<b>\r\na=recordpref:\r\n")))
          .status == 200);
  CHECK(rig.calls.asked == std::vector<std::string>{"create"});
}
