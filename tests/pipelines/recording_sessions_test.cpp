// Recording sessions on real calls: shards with their threads and sockets, the record, and what is there of them after
// a restart.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "../engine/signalling/session_bodies.h"
#include "catch.h"
#include "engine/signalling/recorded_sessions.h"
#include "shards_rig.h"
#include "wait_until.h"

namespace assent {
namespace {

constexpr const char* kPipeline = R"(
[listen]
rtp_ports = "27200-27327"
[capacity]
calls = 4
[media]
sockets = "per-leg"
[consent]
policy = "all-party"
hold = "1s"
[consent.digits]
1 = { decision = "granted", purposes = ["quality"] }
9 = { decision = "denied" }
[journal]
file_size = "4MiB"
sealed_pages = 1024
[memory]
backing = "locked"
)";

struct Rig {
  ShardsRig shards{kPipeline};
  std::optional<RecordedSessions> sessions;
  std::shared_ptr<SiprecTrunk> trunk = std::make_shared<SiprecTrunk>();
  SipDialog dialog{"rec-1@sbc.example", "ours", "theirs"};

  Rig() {
    trunk->name = "sbc";
    trunk->agents = {"@agents.example"};
    sessions.emplace(*shards.calls, [](const std::string& line) { UNSCOPED_INFO(line); });
  }

  SiprecOffer offer(std::string_view type, std::string_view body) const {
    SiprecOffer made;
    made.dialog = dialog;
    made.trunk = trunk;
    made.content_type = type;
    made.body = body;
    return made;
  }
  SdpSession begin(const std::string& body) { return answered(sessions->begin(offer(kMixed, body))); }
  SdpSession change(std::string_view type, const std::string& body) {
    return answered(sessions->change(offer(type, body)));
  }
  CallView view() {
    const auto all = shards.calls->calls();
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    return all->front();
  }
  void say(const std::string& participant, const std::string& decision) {
    ConsentSpec spec;
    spec.participant = participant;
    spec.decision = decision;
    const auto done = shards.calls->decide(view().id, spec, shards.caller);
    if (!done) FAIL(done.error().what);
  }
  std::string gate(std::size_t leg) { return view().legs.at(leg).gate; }
  std::vector<nlohmann::json> preferences() {
    std::vector<nlohmann::json> said;
    const auto rows = shards.catalog->ledger({});
    REQUIRE(rows);
    for (const LedgerRow& row : *rows) {
      if (row.kind == "preference") said.push_back(nlohmann::json::parse(row.body_json));
    }
    return said;
  }
  void restart() {
    sessions.reset();
    for (const auto& unit : shards.units) unit->end_calls(LiveCall::Ending::left_off);
    wait_until([this] { return shards.calls->live_calls() == 0; });
    const auto back = shards.calls->come_back();
    REQUIRE(back);
    for (const std::string& trouble : back->troubles) FAIL(trouble);
    sessions.emplace(*shards.calls, [](const std::string& line) { UNSCOPED_INFO(line); });
  }

 private:
  static SdpSession answered(const SiprecAnswer& answer) {
    CAPTURE(answer.status, answer.reason);
    REQUIRE(answer.status == 200);
    auto sdp = parse_sdp(answer.sdp);
    REQUIRE(sdp);
    return *std::move(sdp);
  }
};

// From where the legs are sent to, in these tests.
std::string local_offer(const std::string& metadata = bob_and_anna(), const std::string& more = "a=sendonly\r\n") {
  const std::string lines = line_sdp("96", 40000, "0 8 101", more) + line_sdp("97", 40002);
  return both(sdp_of(lines, "IN IP4 127.0.0.1"), metadata_of(metadata));
}

}  // namespace

TEST_CASE("a recording session is recorded once all in it agree, by a key in INFO and by the API") {
  Rig rig;
  const SdpSession answer = rig.begin(local_offer());
  const CallView view = rig.view();
  CHECK(answer.media[0].port == view.legs[0].port);
  CHECK(view.policy == "all-party");
  rig.shards.talk(view.legs[0], 3);
  CHECK(rig.gate(0) == "holding");
  CHECK(rig.sessions->inform(rig.dialog, "application/dtmf-relay", "Signal=1\r\nDuration=160").status == 200);
  CHECK(rig.view().participants[0].consents[0].state == "granted");
  CHECK(rig.gate(0) == "holding");
  rig.say("anna==", "granted");
  wait_until([&] { return rig.gate(0) == "open"; });
  rig.shards.talk(rig.view().legs[1], 3);
  rig.sessions->end(rig.dialog, "BYE");
  CHECK(rig.shards.calls->live_calls() == 0);
  CHECK(rig.shards.objects().size() == 2);
  CHECK(rig.sessions->ended().empty());
}

TEST_CASE("what a side would like stands on record, and only a refusal decides") {
  Rig rig;
  rig.begin(local_offer(bob_and_anna(), "a=sendonly\r\na=record:on\r\na=recordpref:off\r\n"));
  CHECK(rig.view().participants[0].consents[0].state == "denied");
  CHECK(rig.view().participants[1].consents[0].state == "pending");
  const auto said = rig.preferences();
  REQUIRE(said.size() == 2);
  CHECK(said[0]["said"] == "record:on");
  CHECK(said[1]["said"] == "recordpref:off");
  CHECK(said[1]["origin"] == "trunk:sbc");
  CHECK(said[1]["participant"] == to_text(rig.view().participants[0].id));
  // Nobody's name or address stands in clear text.
  const auto rows = rig.shards.catalog->ledger({});
  REQUIRE(rows);
  for (const LedgerRow& row : *rows) CHECK(row.body_json.find("bob") == std::string::npos);
}

TEST_CASE("a transfer asks the new one, on the ports that are there, and their voice is no one else's") {
  Rig rig;
  const SdpSession first = rig.begin(local_offer());
  rig.say("bob==", "granted");
  rig.say("anna==", "granted");
  wait_until([&] { return rig.gate(1) == "open"; });
  rig.shards.talk(rig.view().legs[1], 2);
  const std::string transfer = metadata_of(
      leaves_xml("anna==") + person_xml("carl", "sip:carl@agents.example") + sends_xml("carl", "st2", "st1"),
      "partial");
  const SdpSession answer = rig.change("application/rs-metadata+xml", transfer);
  CHECK(answer.media[1].port == first.media[1].port);
  CallView view = rig.view();
  REQUIRE(view.legs.size() == 3);
  CHECK(view.legs[1].has_ended);
  CHECK(view.legs[2].participant == "carl");
  CHECK(view.participants[1].has_left);
  CHECK(rig.gate(0) == "holding");  // until Carl agrees
  rig.shards.talk(view.legs[2], 2);
  CHECK(rig.view().legs[1].packets == 2);
  rig.say("carl", "granted");
  wait_until([&] { return rig.gate(0) == "open" && rig.gate(2) == "open"; });
}

TEST_CASE("another codec, payload type and port of the sender are taken by the leg that is there") {
  Rig rig;
  rig.begin(local_offer());
  rig.shards.talk(rig.view().legs[0], 2);
  const std::string lines =
      line_sdp("96", 50000, "8 100", "a=rtpmap:100 telephone-event/8000\r\n") + line_sdp("97", 40002);
  rig.change("application/sdp", sdp_of(lines, "IN IP4 127.0.0.1"));
  CHECK(rig.view().legs.size() == 2);
  CHECK(rig.view().legs[0].payloads == LegPayloads{{{8, Codec{CodecName::pcma}}}, std::uint8_t{100}});
}

TEST_CASE("a session goes on after a restart: its people, who left, its m-lines and ports") {
  Rig rig;
  const SdpSession first = rig.begin(local_offer());
  SiprecOffer more = rig.offer("application/rs-metadata+xml", "");
  const std::string leaves = metadata_of(leaves_xml("anna=="), "partial");
  more.body = leaves;
  more.kept = "route";
  CHECK(rig.sessions->change(more).status == 200);
  rig.restart();
  const auto taken_up = rig.sessions->take_up();
  REQUIRE(taken_up.size() == 1);
  CHECK(taken_up[0].dialog == rig.dialog);
  CHECK(taken_up[0].kept == "route");
  CHECK(rig.view().participants[1].has_left);
  CHECK(rig.view().legs[1].has_ended);
  // The one who is left can be recorded, and whoever comes for Anna has her ports.
  rig.say("bob==", "granted");
  wait_until([&] { return rig.gate(0) == "open"; });
  const std::string joins =
      metadata_of(person_xml("carl", "sip:carl@agents.example") + sends_xml("carl", "st2"), "partial");
  const SdpSession answer = rig.change("application/rs-metadata+xml", joins);
  CHECK(answer.media[0].port == first.media[0].port);
  CHECK(answer.media[1].port == first.media[1].port);
  CHECK(rig.view().legs[2].participant == "carl");
  const std::string takes_over =
      metadata_of(leaves_xml("bob==") + person_xml("dora", "sip:dora@d.example") + sends_xml("dora", "st1"), "partial");
  rig.change("application/rs-metadata+xml", takes_over);
  rig.restart();
  CHECK(rig.sessions->take_up().size() == 1);
  CHECK(rig.view().legs[0].has_ended);
  CHECK(rig.view().legs[3].participant == "dora");
  CHECK(rig.view().legs[3].port == first.media[0].port);
  CHECK(rig.view().legs[1].has_ended);
  CHECK_FALSE(rig.view().legs[2].has_ended);
  CHECK(rig.view().legs[2].port == first.media[1].port);
  rig.sessions->end(rig.dialog, "BYE");
  CHECK(rig.shards.calls->live_calls() == 0);
}

TEST_CASE("a call that ended by the API ends its dialog") {
  Rig rig;
  rig.begin(local_offer());
  CHECK(rig.sessions->ended().empty());
  REQUIRE(rig.shards.calls->end_call(rig.view().id, rig.shards.caller));
  CHECK(rig.sessions->ended() == std::vector<SipDialog>{rig.dialog});
}

TEST_CASE("more sessions than there is room for are told to come later, and leave nothing") {
  Rig rig;
  unsigned status = 200;
  int taken = 0;
  const std::string body = local_offer();
  for (; taken < 20 && status == 200; ++taken) {
    rig.dialog.call_id = "rec-" + std::to_string(taken);
    const SiprecAnswer answer = rig.sessions->begin(rig.offer(kMixed, body));
    status = answer.status;
    if (status != 200) CHECK(answer.retry_after);
  }
  CHECK(status == 503);
  CHECK(rig.shards.calls->live_calls() == static_cast<std::size_t>(taken - 1));
}

}  // namespace assent
