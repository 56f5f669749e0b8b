#include "engine/signalling/sip/recording_agent.h"

#include "agent_rig.h"
#include "catch.h"

using namespace assent;
using Kind = RecordingAgent::Reaction::Kind;

TEST_CASE("an INVITE becomes a session, and its answer says what is recorded here") {
  AgentRig rig;
  const SipRequest invite = rig.request("INVITE");
  const auto reaction = rig.receive(invite);
  REQUIRE(reaction.kind == Kind::transaction);
  CHECK(reaction.reply.status == 0);
  CHECK(rig.answered.empty());
  rig.work_all();
  REQUIRE(rig.answered.size() == 1);
  const SipReply& reply = rig.answered[0].reply;
  CHECK(rig.answered[0].transaction == reaction.transaction);
  CHECK(reply.status == 200);
  CHECK(reply.content_type == "application/sdp");
  CHECK(reply.body == rig.sessions.answer.sdp);
  CHECK(rig.header(reply, "Contact") == "<sip:srs@203.0.113.1:5060>;+sip.srs");
  CHECK(rig.header(reply, "Session-Expires").empty());
  CHECK(reply.to_tag.size() == 24);
  CHECK(rig.sessions.bodies == std::vector{invite.body});
  CHECK(rig.sessions.there == std::vector{SipDialog{"call", reply.to_tag, "src-call"}});
}

TEST_CASE("BYE is answered at once, and ends the session") {
  AgentRig rig;
  const std::string tag = rig.establish();
  const auto reaction = rig.receive(rig.request("BYE", tag));
  CHECK(reaction.kind == Kind::transaction);
  CHECK(reaction.reply.status == 200);
  rig.work_all();
  CHECK(rig.sessions.asked == std::vector<std::string>{"begin", "end bye"});
  CHECK(rig.agent.sessions() == 0);
  CHECK(rig.receive(rig.request("BYE", tag)).reply.status == 481);
}

TEST_CASE("what a session is asked comes one at a time, in its order") {
  AgentRig rig;
  const std::string tag = rig.establish();
  (void)rig.receive(rig.request("INVITE", tag));
  SipRequest info = rig.request("INFO", tag);
  info.content_type = "application/dtmf-relay";
  (void)rig.receive(info);
  (void)rig.receive(rig.request("BYE", tag));
  CHECK(rig.tasks.size() == 1);
  rig.work_all();
  CHECK(rig.sessions.asked == std::vector<std::string>{"begin", "change", "inform application/dtmf-relay", "end bye"});
  CHECK(rig.agent.sessions() == 0);
  // The re-INVITE that a BYE overtook is answered before it is worked on.
  CHECK(rig.answered[1].reply.status == 487);
}

TEST_CASE("a CANCEL answers the INVITE, and what it began is ended when it has begun") {
  AgentRig rig;
  const auto reaction = rig.receive(rig.request("INVITE"));
  rig.agent.cancelled(reaction.transaction);
  REQUIRE(rig.answered.size() == 1);
  CHECK(rig.answered[0].reply.status == 487);
  CHECK(rig.sessions.asked.empty());
  rig.work_all();
  CHECK(rig.answered.size() == 1);
  CHECK(rig.sessions.asked == std::vector<std::string>{"begin", "end cancelled"});
  CHECK(rig.agent.sessions() == 0);
}

TEST_CASE("a CANCEL that comes after the answer changes nothing") {
  AgentRig rig;
  const auto reaction = rig.receive(rig.request("INVITE"));
  rig.work_all();
  rig.agent.cancelled(reaction.transaction);
  rig.work_all();
  CHECK(rig.agent.sessions() == 1);
  CHECK(rig.sessions.asked == std::vector<std::string>{"begin"});
}

TEST_CASE("a BYE before the answer ends what begins, and answers the INVITE with 487") {
  AgentRig rig;
  const auto reaction = rig.receive(rig.request("INVITE"));
  // The client has our tag from nowhere yet, but for who reads it off the wire the dialog is there.
  const std::string tag = rig.receive(rig.request("OPTIONS")).reply.to_tag;
  CHECK(!tag.empty());
  std::string own;
  rig.work_all();
  own = rig.answered[0].reply.to_tag;
  CHECK(rig.receive(rig.request("BYE", own)).reply.status == 200);
  rig.agent.unacknowledged(reaction.transaction);
  rig.work_all();
  CHECK(rig.agent.sessions() == 0);
}

TEST_CASE("a session whose 2xx is never acknowledged is ended, with a BYE") {
  AgentRig rig;
  const auto reaction = rig.receive(rig.request("INVITE"));
  rig.work_all();
  rig.agent.unacknowledged(reaction.transaction);
  rig.work_all();
  REQUIRE(rig.sent.size() == 1);
  CHECK(rig.sent[0].message.method == "BYE");
  CHECK(rig.sessions.asked.back() == "end unacknowledged");
  CHECK(rig.agent.sessions() == 0);
}

TEST_CASE("a refused offer leaves nothing, and says when to come back") {
  AgentRig rig;
  rig.sessions.answer = {503, "Overloaded", "", seconds(7)};
  (void)rig.receive(rig.request("INVITE"));
  rig.work_all();
  REQUIRE(rig.answered.size() == 1);
  CHECK(rig.answered[0].reply.status == 503);
  CHECK(rig.answered[0].reply.phrase == "Overloaded");
  CHECK(rig.header(rig.answered[0].reply, "Retry-After") == "7");
  CHECK(rig.agent.sessions() == 0);
  CHECK(rig.sessions.asked == std::vector<std::string>{"begin"});
}

TEST_CASE("a call that ends otherwise gets a BYE, along its routes, once its INVITE is acknowledged") {
  AgentRig rig;
  SipRequest invite = rig.request("INVITE");
  invite.record_route = {"<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"};
  const auto reaction = rig.receive(invite);
  rig.work_all();
  const SipDialog dialog = rig.sessions.there.front();
  rig.agent.end({dialog});
  CHECK(rig.sent.empty());
  rig.agent.acknowledged(reaction.transaction);
  REQUIRE(rig.sent.size() == 1);
  const SipOutgoing& bye = rig.sent[0].message;
  CHECK(bye.method == "BYE");
  CHECK(bye.target == "sip:src@192.0.2.7:5080");
  CHECK(bye.route == invite.record_route);
  CHECK(bye.from == "<sip:srs@203.0.113.1>;tag=" + dialog.local_tag);
  CHECK(bye.to == invite.from);
  CHECK(bye.call_id == "call");
  // The calls know already.
  rig.work_all();
  CHECK(rig.sessions.asked == std::vector<std::string>{"begin"});
  CHECK(rig.agent.sessions() == 0);
  CHECK(rig.agent.awaits_answers());
  rig.agent.answered(rig.sent[0].id, {200, {}, {}}, rig.now);
  CHECK(!rig.agent.awaits_answers());
}

TEST_CASE("a re-INVITE moves where ours go") {
  AgentRig rig;
  const std::string tag = rig.establish();
  SipRequest again = rig.request("INVITE", tag);
  again.contact = "sip:moved@192.0.2.8";
  const auto reaction = rig.receive(again);
  rig.work_all();
  rig.agent.acknowledged(reaction.transaction);
  CHECK(rig.answered.back().reply.status == 200);
  rig.agent.end({{"call", tag, "src-call"}});
  CHECK(rig.sent.back().message.target == "sip:moved@192.0.2.8");
}

TEST_CASE("requests in a dialog that come late, twice or at once are refused") {
  AgentRig rig;
  const std::string tag = rig.establish();
  SipRequest late = rig.request("INFO", tag);
  late.cseq = 1;
  CHECK(rig.receive(late).reply.status == 500);
  CHECK(rig.receive(rig.request("INVITE", tag)).kind == Kind::transaction);
  CHECK(rig.receive(rig.request("UPDATE", tag)).reply.status == 500);
  rig.work_all();
  CHECK(rig.refused("out_of_order") == 2);
}

TEST_CASE("who makes the next request has had the answer to the last, though its ACK was lost") {
  AgentRig rig;
  const auto first = rig.receive(rig.request("INVITE"));
  rig.work_all();
  const std::string tag = rig.answered.back().reply.to_tag;
  const auto second = rig.receive(rig.request("INVITE", tag));
  CHECK(second.kind == Kind::transaction);
  rig.work_all();
  rig.agent.acknowledged(second.transaction);
  rig.agent.unacknowledged(first.transaction);
  rig.work_all();
  CHECK(rig.sent.empty());
  CHECK(rig.agent.sessions() == 1);
}

TEST_CASE("an offer of theirs while one of ours is pending is a glare") {
  AgentRig rig;
  SipRequest invite = rig.request("INVITE");
  invite.session_expires = SessionExpires{seconds(100), Refresher::uas};
  const std::string tag = rig.establish(invite);
  rig.now += seconds(51);
  rig.agent.step(rig.now);
  REQUIRE(rig.sent.size() == 1);
  CHECK(rig.sent[0].message.method == "UPDATE");
  CHECK(rig.receive(rig.request("INVITE", tag)).reply.status == 491);
  rig.agent.answered(rig.sent[0].id, {200, SessionExpires{seconds(100), Refresher::uac}, {}}, rig.now);
  CHECK(rig.receive(rig.request("INVITE", tag)).kind == Kind::transaction);
}

TEST_CASE("dialogs that are not there, and requests without one") {
  AgentRig rig;
  for (const char* method : {"BYE", "INVITE", "INFO", "UPDATE", "OPTIONS"}) {
    INFO(method);
    CHECK(rig.receive(rig.request(method, "nobody")).reply.status == 481);
  }
  CHECK(rig.receive(rig.request("BYE")).reply.status == 481);
  CHECK(rig.receive(rig.request("CANCEL")).reply.status == 481);
  CHECK(rig.receive(rig.request("ACK", "nobody")).kind == Kind::drop);
}

TEST_CASE("methods, extensions, schemes and bodies that are not taken") {
  AgentRig rig;
  const auto refer = rig.receive(rig.request("REFER"));
  CHECK(refer.reply.status == 405);
  CHECK(rig.header(refer.reply, "Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE");
  CHECK(rig.receive(rig.request("FROBNICATE")).reply.status == 501);

  SipRequest odd = rig.request("INVITE");
  odd.require = {"siprec", "100rel", "precondition"};
  const auto bad = rig.receive(odd);
  CHECK(bad.reply.status == 420);
  CHECK(rig.header(bad.reply, "Unsupported") == "100rel, precondition");

  SipRequest tel = rig.request("INVITE");
  tel.uri_scheme = "tel";
  CHECK(rig.receive(tel).reply.status == 416);

  SipRequest zipped = rig.request("INVITE");
  zipped.content_encoding = "gzip";
  CHECK(rig.receive(zipped).reply.status == 415);
  SipRequest strange = rig.request("INVITE");
  strange.content_type = "text/plain";
  CHECK(rig.receive(strange).reply.status == 415);
  SipRequest large = rig.request("INVITE");
  large.body.assign(limits::kSipBodyBytes + 1, 'x');
  CHECK(rig.receive(large).reply.status == 413);
  SipRequest homeless = rig.request("INVITE");
  homeless.contact.clear();
  CHECK(rig.receive(homeless).reply.status == 400);
  CHECK(rig.agent.sessions() == 0);
  CHECK(rig.agent.counters(rig.now).transactions == 0);
}

TEST_CASE("an INVITE that says nothing of recording is for somebody else, unless the trunk is trusted with it") {
  AgentRig rig;
  SipRequest plain = rig.request("INVITE");
  plain.require.clear();
  const auto refused = rig.receive(plain);
  CHECK(refused.reply.status == 421);
  CHECK(rig.header(refused.reply, "Require") == "siprec");
  SipRequest by_contact = plain;
  by_contact.contact_is_src = true;
  by_contact.call_id = "b";
  CHECK(rig.receive(by_contact).kind == Kind::transaction);
  SipRequest by_metadata = plain;
  by_metadata.call_id = "c";
  by_metadata.body += "application/rs-metadata+xml";
  CHECK(rig.receive(by_metadata).kind == Kind::transaction);

  auto trusting = std::make_shared<SipTrunk>(*AgentRig::trunk("old", "192.0.2.0/24"));
  trusting->takes_unmarked = true;
  AgentRig old({}, {trusting});
  CHECK(old.receive(plain).kind == Kind::transaction);
}

TEST_CASE("the same INVITE by another way is a merged one, before and after its answer") {
  AgentRig rig;
  const SipRequest invite = rig.request("INVITE");
  (void)rig.receive(invite);
  CHECK(rig.receive(invite).reply.status == 482);
  rig.work_all();
  CHECK(rig.receive(invite).reply.status == 482);
  CHECK(rig.agent.sessions() == 1);
}

TEST_CASE("who is of no trunk is refused without a trace, and nobody has another's dialog") {
  AgentRig rig({}, {AgentRig::trunk("a", "192.0.2.0/24"), AgentRig::trunk("b", "198.51.100.0/24")});
  const std::string tag = rig.establish();
  SipRequest stranger = rig.request("INVITE", "", "x");
  stranger.source.from = *parse_endpoint("203.0.113.99:5060");
  CHECK(rig.receive(stranger).reply.status == 403);
  SipRequest other = rig.request("BYE", tag);
  other.source.from = *parse_endpoint("198.51.100.1:5060");
  CHECK(rig.receive(other).reply.status == 403);
  CHECK(rig.agent.sessions() == 1);
  CHECK(rig.refused("forbidden") == 2);
}

TEST_CASE("sessions are bounded by trunk and in all, and the refusal says when to come back") {
  RecordingAgent::Settings settings;
  settings.max_sessions = 4;
  AgentRig rig(settings, {AgentRig::trunk("a", "192.0.2.0/24"), AgentRig::trunk("b", "198.51.100.0/24")});
  for (const char* call : {"1", "2", "3"})
    CHECK(rig.receive(rig.request("INVITE", "", call)).kind == Kind::transaction);
  const auto fourth = rig.receive(rig.request("INVITE", "", "4"));
  CHECK(fourth.kind == Kind::reply);
  CHECK(fourth.reply.status == 503);
  CHECK(rig.header(fourth.reply, "Retry-After") == "10");
  const auto of_b = [&](const char* call) {
    SipRequest invite = rig.request("INVITE", "", call);
    invite.source.from = *parse_endpoint("198.51.100.1:5060");
    return rig.receive(invite);
  };
  CHECK(of_b("5").kind == Kind::transaction);
  CHECK(of_b("6").reply.status == 503);
  CHECK(rig.refused("capacity") == 2);
}

TEST_CASE("transactions and waiting work are bounded") {
  RecordingAgent::Settings settings;
  settings.transactions = {2, 1000, seconds(40)};
  AgentRig rig(settings);
  const std::string tag = rig.establish();
  CHECK(rig.receive(rig.request("INFO", tag)).kind == Kind::transaction);
  CHECK(rig.receive(rig.request("INFO", tag)).reply.status == 503);
  CHECK(rig.receive(rig.request("INVITE", "", "2")).reply.status == 503);
  // A BYE is granted all the same.
  const auto bye = rig.receive(rig.request("BYE", tag));
  CHECK(bye.kind == Kind::reply);
  CHECK(bye.reply.status == 200);
  rig.work_all();
  CHECK(rig.sessions.asked.back() == "end bye");
  rig.now += seconds(40);
  rig.room = false;
  CHECK(rig.receive(rig.request("INVITE", "", "3")).reply.status == 503);
  rig.room = true;
  CHECK(rig.receive(rig.request("INVITE", "", "4")).kind == Kind::transaction);
}

TEST_CASE("while it drains there are no new sessions, and OPTIONS says so") {
  AgentRig rig;
  const std::string tag = rig.establish();
  CHECK(rig.receive(rig.request("OPTIONS")).reply.status == 200);
  rig.agent.begin_drain();
  const auto options = rig.receive(rig.request("OPTIONS"));
  CHECK(options.reply.status == 503);
  CHECK(rig.header(options.reply, "Retry-After") == "10");
  CHECK(rig.receive(rig.request("INVITE", "", "2")).reply.status == 503);
  CHECK(rig.receive(rig.request("INVITE", tag)).kind == Kind::transaction);
  CHECK(rig.receive(rig.request("BYE", tag)).reply.status == 200);
}

TEST_CASE("OPTIONS says what is taken here, without a transaction") {
  AgentRig rig;
  const auto options = rig.receive(rig.request("OPTIONS"));
  CHECK(options.kind == Kind::reply);
  CHECK(rig.header(options.reply, "Allow") == std::string(kSipAllow));
  CHECK(rig.header(options.reply, "Accept").find("application/rs-metadata+xml") != std::string::npos);
  CHECK(rig.header(options.reply, "Supported") == "timer, siprec, record-aware");
}

TEST_CASE("sessions go on after a restart, with what was kept of them") {
  std::vector<KeptDialog> kept;
  std::string tag;
  {
    AgentRig rig;
    SipRequest invite = rig.request("INVITE");
    invite.record_route = {"<sip:p1.example.com;lr>"};
    invite.supported = {"timer"};
    tag = rig.establish(invite);
    for (const auto& [dialog, text] : rig.sessions.kept) kept.push_back({dialog, text});
  }
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].kept.size() < limits::kSipKeptBytes);
  RecordingAgent::Settings settings;
  settings.first_cseq = 5000;
  AgentRig rig(settings);
  rig.agent.take_up(kept, rig.now);
  CHECK(rig.agent.sessions() == 1);
  rig.cseq = 10;
  CHECK(rig.receive(rig.request("INVITE", tag)).kind == Kind::transaction);
  rig.work_all();
  rig.agent.end({kept[0].dialog});
  CHECK(rig.sent.empty());  // the re-INVITE is not acknowledged
  rig.agent.acknowledged(rig.answered.back().transaction);
  REQUIRE(rig.sent.size() == 1);
  CHECK(rig.sent[0].message.route == std::vector<std::string>{"<sip:p1.example.com;lr>"});
  CHECK(rig.sent[0].message.cseq == 5001);
}

TEST_CASE("after a restart, a dialog that cannot be read is left alone, and one of a trunk that is gone is ended") {
  AgentRig rig;
  rig.agent.take_up({{{"a", "b", "c"}, "nonsense"}, {{"d", "e", "f"}, "{\"trunk\":7}"}}, rig.now);
  CHECK(rig.agent.sessions() == 0);
  AgentRig gone({}, {AgentRig::trunk("other", "198.51.100.0/24")});
  AgentRig before;
  (void)before.establish();
  gone.agent.take_up({{before.sessions.there[0], before.sessions.kept.begin()->second}}, gone.now);
  gone.work_all();
  REQUIRE(gone.sent.size() == 1);
  CHECK(gone.sent[0].message.method == "BYE");
  CHECK(gone.sessions.asked == std::vector<std::string>{"end ended_by_call"});
  CHECK(gone.agent.sessions() == 0);
}
