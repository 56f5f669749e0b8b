// All that rtpengine has of a call: a leg and a participant for each party, those who come later, and keys that it
// tells of.
#include "engine/signalling/rtpengine_call.h"

#include "engine/signalling/logged_key.h"
#include "rtpengine_rig.h"

using namespace assent;
using namespace assent::test;

namespace {

using Names = std::vector<std::string>;

struct WholeCall : Rig {
  Result<CallView> create(CallSpec spec = {}, const std::vector<std::string>& tags = {}) {
    spec.rtpengine = RtpengineCall{kServer, "the-call", tags};
    return calls.create_call(spec, kCaller);
  }
  CallView created() {
    auto view = create();
    REQUIRE(view);
    return *view;
  }
};

Names labels_of(const CallView& view) {
  Names names;
  for (const LegView& leg : view.legs) names.push_back(leg.label + "=" + leg.participant);
  return names;
}
Names people_of(const CallView& view) {
  Names names;
  for (const ParticipantView& one : view.participants) names.push_back(one.ref + ":" + one.role);
  return names;
}

ParticipantSpec named(const std::string& ref) { return {ref, "person-1", "customer", std::nullopt, std::nullopt}; }

}  // namespace

TEST_CASE("each party of rtpengine's call gets a leg, and is who has their label, or somebody new") {
  WholeCall rig;
  rig.rtpengine.tags = {"A", "B", "C"};
  rig.rtpengine.labels = {{"B", "agent"}};
  CallSpec spec;
  spec.participants = {named("agent"), named("C")};
  const auto view = rig.create(spec);
  REQUIRE(view);
  // A tag is the telephone's own to choose: it does not make it somebody who is named.
  CHECK(labels_of(*view) == Names{"A=A", "agent=agent", "C=C (2)"});
  CHECK(people_of(*view) == Names{"agent:customer", "C:customer", "A:party", "C (2):party"});
  CHECK(rig.rtpengine.begun.size() == 3);
  for (const LegSpec& leg : rig.inner.asked) CHECK(leg.rtpengine->is_one_of_all);
}

TEST_CASE("a tag that is named is the participant of that ref, and nobody is two parties") {
  WholeCall rig;
  rig.rtpengine.tags = {"A", "B", "agent"};
  rig.rtpengine.labels = {{"A", "agent"}};
  CallSpec spec;
  spec.participants = {named("agent"), named("B")};
  const auto view = rig.create(spec, {"A", "B", "agent"});
  REQUIRE(view);
  CHECK(labels_of(*view) == Names{"agent=agent", "B=B", "agent (2)=agent (2)"});
  CHECK(people_of(*view) == Names{"agent:customer", "B:customer", "agent (2):party"});
}

TEST_CASE("a party whose leg is named in the request gets no second one") {
  WholeCall rig;
  CallSpec spec;
  spec.participants = {named("customer")};
  spec.legs = {Rig::leg("customer", "A")};
  spec.legs[0].participant = "customer";
  const auto view = rig.create(spec);
  REQUIRE(view);
  CHECK(labels_of(*view) == Names{"customer=customer", "B=B"});
}

TEST_CASE("a tag that cannot be kept as text is nobody") {
  const Bencode::List audio{Bencode::Dictionary{{"type", "audio"}}};
  Bencode::Dictionary tags;
  for (const std::string& tag : {std::string("good"), std::string("b\xFF") + "d", std::string("a\nb"), std::string()}) {
    tags.emplace_back(tag, Bencode::Dictionary{{"tag", tag}, {"medias", audio}});
  }
  const auto parties = parties_of(Bencode(Bencode::Dictionary{{"tags", tags}}));
  REQUIRE(parties.size() == 1);
  CHECK(parties[0].tag == "good");
}

TEST_CASE("who has left rtpengine's call is in nobody's way who comes later") {
  WholeCall rig;
  const CallView view = rig.created();
  rig.rtpengine.leave("A");
  rig.step();
  rig.rtpengine.tags.insert("C");
  rig.step();
  CHECK(labels_of(rig.inner.live.at(view.id)) == Names{"A=A", "B=B", "C=C"});
}

TEST_CASE("of given tags only those are asked for, now and later") {
  WholeCall rig;
  const auto view = rig.create({}, {"B"});
  REQUIRE(view);
  CHECK(labels_of(*view) == Names{"B=B"});
  rig.rtpengine.tags.insert("C");
  rig.step();
  CHECK(rig.rtpengine.begun.size() == 1);
}

TEST_CASE("a call that rtpengine does not have, or not with such a party, is refused") {
  WholeCall rig;
  const auto check_refused = [](const Result<CallView>& view, Errc code, const std::string& words) {
    REQUIRE_FALSE(view);
    CHECK(view.error().code == code);
    CHECK_THAT(view.error().what, Catch::Contains(words));
  };
  check_refused(rig.create({}, {"A", "Z"}), Errc::invalid, "no party with the tag \"Z\"");
  rig.rtpengine.tags.clear();
  check_refused(rig.create(), Errc::invalid, "Unknown call-ID");
  rig.rtpengine.answers = false;
  check_refused(rig.create(), Errc::unavailable, "no answer");
  CHECK(rig.inner.live.empty());
}

TEST_CASE("whoever comes to rtpengine's call later comes to ours, and our own copies are nobody") {
  WholeCall rig;
  const CallView view = rig.created();
  rig.step();
  CHECK(rig.inner.callers.empty());
  rig.rtpengine.tags.insert("C");
  rig.step();
  const CallView& after = rig.inner.live.at(view.id);
  CHECK(labels_of(after) == Names{"A=A", "B=B", "C=C"});
  CHECK(people_of(after) == Names{"A:party", "B:party", "C:party"});
  REQUIRE(rig.inner.callers.size() == 1);
  CHECK(rig.inner.callers[0].by == Caller::By::rtpengine);
  CHECK(rig.inner.callers[0].token_id == to_text(kServer));
  CHECK(rig.rtpengine.begun.size() == 3);
  REQUIRE(rig.told.size() == 1);
  CHECK_THAT(rig.told[0], Catch::Contains("\"C\" has come"));
  rig.step();
  CHECK(rig.inner.callers.size() == 1);
}

TEST_CASE("who comes under a label that somebody has is another, with a leg of their own") {
  WholeCall rig;
  rig.rtpengine.labels = {{"A", "customer"}, {"B", "customer"}};
  const CallView view = rig.created();
  CHECK(labels_of(view) == Names{"customer=customer", "B=B"});
  rig.rtpengine.tags.insert("C");
  rig.rtpengine.labels["C"] = "customer";
  rig.step();
  CHECK(labels_of(rig.inner.live.at(view.id)) == Names{"customer=customer", "B=B", "C=C"});
}

TEST_CASE("after a restart of ours who comes later is still let in") {
  WholeCall rig;
  const CallView view = rig.created();
  SubscribedCalls again(rig.inner, rig.rtpengine, [](const std::string&) {});
  again.take_up();
  rig.rtpengine.tags.insert("C");
  (void)again.step(read_mono());
  CHECK(rig.inner.live.at(view.id).legs.size() == 3);
}

TEST_CASE("who cannot be let in is told of once, and not tried again") {
  WholeCall rig;
  const CallView view = rig.created();
  rig.rtpengine.tags.insert("C");
  rig.inner.fails = error(Errc::exhausted, "no room");
  rig.step();
  REQUIRE(rig.told.size() == 1);
  CHECK_THAT(rig.told[0], Catch::Contains("is not recorded: no room"));
  CHECK(rig.rtpengine.begun.size() == 2);
  rig.inner.fails.reset();
  rig.rtpengine.tags.insert("D");
  rig.step();
  CHECK(labels_of(rig.inner.live.at(view.id)) == Names{"A=A", "B=B", "D=D"});
}

TEST_CASE("a key that rtpengine tells of is pressed by whose it is, where the media carries none") {
  WholeCall rig;
  rig.rtpengine.formats = "0";
  (void)rig.created();
  const Endpoint its_log = *parse_endpoint("192.0.2.9:39999");
  rig.calls.press({"the-call", "B", '1'}, its_log, InbandUse::off);
  CHECK(rig.inner.pressed == Names{"B 1"});
  CHECK(rig.inner.callers.back().by == Caller::By::rtpengine);

  // Of others, or from elsewhere.
  rig.calls.press({"another", "B", '1'}, its_log, InbandUse::off);
  rig.calls.press({"the-call", "Z", '1'}, its_log, InbandUse::off);
  rig.calls.press({"the-call", "B", '1'}, *parse_endpoint("192.0.2.10:39999"), InbandUse::off);
  CHECK(rig.inner.pressed.size() == 1);

  rig.inner.fails = error(Errc::unavailable, "the disk stalls");
  rig.calls.press({"the-call", "A", '1'}, its_log, InbandUse::off);
  CHECK_THAT(rig.told.back(), Catch::Contains("a key is lost: the disk stalls"));
}

TEST_CASE("a key that is heard otherwise is not pressed a second time") {
  WholeCall tones;
  tones.rtpengine.formats = "0";
  (void)tones.created();
  tones.calls.press({"the-call", "B", '1'}, *parse_endpoint("192.0.2.9:39999"), InbandUse::automatic);
  CHECK(tones.inner.pressed.empty());
  WholeCall rig;
  (void)rig.created();
  rig.calls.press({"the-call", "B", '1'}, *parse_endpoint("192.0.2.9:39999"), InbandUse::off);
  CHECK(rig.inner.pressed.empty());
}

TEST_CASE("what rtpengine tells of keys is read, and nothing else is") {
  const auto line = [](const std::string& type, const std::string& event, const std::string& more = "") {
    return R"({"callid":"1@proxy","source_tag":"as7d","tags":["31","as7d"],"type":")" + type +
           R"(","timestamp":1796130009,"source_ip":"127.0.0.1","event":)" + event + R"(,"duration":80,"volume":10)" +
           more + "}";
  };
  CHECK(*logged_key(line("DTMF", "1")) == LoggedKey{"1@proxy", "as7d", '1'});
  CHECK(logged_key(line("DTMF", "10"))->key == '*');
  CHECK(logged_key(line("DTMF", "15"))->key == 'D');
  for (const std::string& wrong :
       {line("DTMF", "16"), line("DTMF", "-1"), line("DTMF", "1.5"), line("DTMF", "\"1\""), line("other", "1"),
        line("DTMF", "1", std::string(4096, ' ')), std::string("{}"), std::string("[]"), std::string(),
        std::string("{\"callid\":7,\"source_tag\":\"a\",\"type\":\"DTMF\",\"event\":1}"),
        std::string("{\"callid\":\"\",\"source_tag\":\"a\",\"type\":\"DTMF\",\"event\":1}")}) {
    CAPTURE(wrong);
    CHECK(logged_key(wrong).error().code == Errc::invalid);
  }
}
