#include "engine/signalling/sip/session_timer.h"

#include "agent_rig.h"
#include "catch.h"

using namespace assent;

namespace {

SipRequest asking(std::optional<SessionExpires> expires, bool can_refresh) {
  SipRequest request;
  request.session_expires = expires;
  if (can_refresh) request.supported = {"timer"};
  return request;
}
constexpr SessionTimerRules kRules{seconds(90), seconds(1800)};

}  // namespace

TEST_CASE("who asks for nothing and can do nothing has no timer") {
  const auto agreed = agree_on_timer(asking({}, false), kRules);
  REQUIRE(agreed);
  CHECK(!agreed->expires);
  CHECK(!agreed->is_required);
}

TEST_CASE("who can refresh is asked to") {
  const auto agreed = agree_on_timer(asking({}, true), kRules);
  CHECK(agreed->expires == SessionExpires{seconds(1800), Refresher::uac});
  CHECK(agreed->is_required);
}

TEST_CASE("what a client asks for is granted, down to the least") {
  CHECK(agree_on_timer(asking(SessionExpires{seconds(90), Refresher::none}, true), kRules)->expires ==
        SessionExpires{seconds(90), Refresher::uac});
  CHECK(agree_on_timer(asking(SessionExpires{seconds(120), Refresher::uas}, true), kRules)->expires ==
        SessionExpires{seconds(120), Refresher::uas});
  CHECK(!agree_on_timer(asking(SessionExpires{seconds(89), Refresher::none}, true), kRules));
}

TEST_CASE("a proxy's timer for a client that cannot refresh is ours to refresh, with no less than the least") {
  const auto agreed = agree_on_timer(asking(SessionExpires{seconds(60), Refresher::none}, false), kRules);
  CHECK(agreed->expires == SessionExpires{seconds(90), Refresher::uas});
  CHECK(!agreed->is_required);
}

TEST_CASE("a session that its client does not refresh is over before its time, and gets a BYE") {
  AgentRig rig;
  SipRequest invite = rig.request("INVITE");
  invite.supported = {"timer"};
  invite.session_expires = SessionExpires{seconds(90), Refresher::uac};
  const std::string tag = rig.establish(invite);
  CHECK(rig.header(rig.answered[0].reply, "Session-Expires") == "90;refresher=uac");
  CHECK(rig.header(rig.answered[0].reply, "Require") == "timer");
  rig.now += seconds(59);
  rig.agent.step(rig.now);
  CHECK(rig.sent.empty());
  // An UPDATE without a body refreshes, and changes nothing.
  SipRequest update = rig.request("UPDATE", tag);
  update.body.clear();
  update.supported = {"timer"};
  update.session_expires = invite.session_expires;
  (void)rig.receive(update);
  rig.work_all();
  CHECK(rig.answered.back().reply.status == 200);
  CHECK(rig.answered.back().reply.body.empty());
  rig.now += seconds(59);
  rig.agent.step(rig.now);
  CHECK(rig.sent.empty());
  rig.now += seconds(2);
  rig.agent.step(rig.now);
  REQUIRE(rig.sent.size() == 1);
  CHECK(rig.sent[0].message.method == "BYE");
  rig.work_all();
  CHECK(rig.sessions.asked == std::vector<std::string>{"begin", "end expired"});
}

TEST_CASE("too short an interval is refused with the least") {
  AgentRig rig;
  SipRequest invite = rig.request("INVITE");
  invite.supported = {"timer"};
  invite.session_expires = SessionExpires{seconds(30), Refresher::none};
  const auto reaction = rig.receive(invite);
  CHECK(reaction.reply.status == 422);
  CHECK(rig.header(reaction.reply, "Min-SE") == "90");
  CHECK(rig.agent.sessions() == 0);
}

TEST_CASE("we refresh when we must: by UPDATE, or by our last answer as an offer") {
  for (const bool takes_update : {true, false}) {
    INFO(takes_update);
    AgentRig rig;
    SipRequest invite = rig.request("INVITE");
    if (!takes_update) invite.allow = {"INVITE", "ACK", "BYE"};
    invite.session_expires = SessionExpires{seconds(100), Refresher::uas};
    (void)rig.establish(invite);
    rig.now += seconds(49);
    rig.agent.step(rig.now);
    CHECK(rig.sent.empty());
    rig.now += seconds(2);
    rig.agent.step(rig.now);
    REQUIRE(rig.sent.size() == 1);
    CHECK(rig.sent[0].message.method == (takes_update ? "UPDATE" : "INVITE"));
    CHECK(rig.sent[0].message.body == (takes_update ? "" : rig.sessions.answer.sdp));
    rig.agent.answered(rig.sent[0].id, {422, {}, seconds(200)}, rig.now);
    REQUIRE(rig.sent.size() == 2);
    rig.agent.answered(rig.sent[1].id, {200, SessionExpires{seconds(200), Refresher::uac}, {}}, rig.now);
    rig.now += seconds(99);
    rig.agent.step(rig.now);
    CHECK(rig.sent.size() == 2);
    rig.now += seconds(2);
    rig.agent.step(rig.now);
    REQUIRE(rig.sent.size() == 3);
    // The client has forgotten the session.
    rig.agent.answered(rig.sent[2].id, {481, {}, {}}, rig.now);
    rig.work_all();
    CHECK(rig.sessions.asked.back() == "end gone");
    CHECK(rig.agent.sessions() == 0);
  }
}

TEST_CASE("a refresh that fails otherwise is tried again until the time is over") {
  AgentRig rig;
  SipRequest invite = rig.request("INVITE");
  invite.session_expires = SessionExpires{seconds(160), Refresher::uas};
  (void)rig.establish(invite);
  rig.now += seconds(80);
  rig.agent.step(rig.now);
  rig.agent.answered(rig.sent.back().id, {500, {}, {}}, rig.now);
  rig.now += seconds(5);
  rig.agent.step(rig.now);
  CHECK(rig.sent.size() == 1);
  rig.now += seconds(15);
  rig.agent.step(rig.now);
  CHECK(rig.sent.size() == 2);
  rig.agent.answered(rig.sent.back().id, {500, {}, {}}, rig.now);
  rig.now += seconds(30);
  rig.agent.step(rig.now);
  CHECK(rig.sent.back().message.method == "BYE");
}
