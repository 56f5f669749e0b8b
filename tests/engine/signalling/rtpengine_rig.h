// rtpengine with one call, live calls that take what they are given, and what stands between them: for tests of
// subscriptions.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catch.h"
#include "engine/signalling/subscribed_calls.h"

namespace assent::test {

inline const Endpoint kServer = *parse_endpoint("192.0.2.9:2223");
inline const Endpoint kOtherServer = *parse_endpoint("192.0.2.10:2223");
inline const Caller kCaller{"test"};

// rtpengine with one call, as far as subscriptions go.
class FakeRtpengine final : public NgClient {
 public:
  std::set<std::string> tags{"A", "B"};
  std::map<std::string, std::string> labels;  // of some of the tags
  std::string formats = "0 101";
  std::string protocol = "RTP/AVP";
  std::string crypto;  // its lines
  std::uint16_t port = 40000;
  bool answers = true;
  std::set<std::string> offered;              // what has been asked for and not begun
  std::map<std::string, std::string> begun;   // subscription -> the SDP of its answer
  std::map<std::string, std::string> copied;  // subscription -> whose
  std::vector<std::string> asked;

  Result<Bencode> ask(const Endpoint& server, Bencode::Dictionary question) override {
    const Bencode all(std::move(question));
    const std::string command(all.text_of("command"));
    const std::string ours(all.text_of(command == "query" ? "from-tag" : "to-tag"));
    asked.push_back(command);
    if (!answers || server != kServer) return error(Errc::unavailable, "no answer");
    if (all.text_of("call-id") != "the-call" || tags.empty()) return error(Errc::not_found, "Unknown call-ID");
    if (command == "subscribe request") {
      if (!tags.contains(std::string(all.text_of("from-tag")))) return error(Errc::not_found, "no such tag exists");
      copied[ours] = all.text_of("from-tag");
      offered.insert(ours);
      return Bencode(Bencode::Dictionary{{"result", "ok"}, {"sdp", sdp()}});
    }
    if (command == "subscribe answer") {
      if (offered.erase(ours) == 0) return error(Errc::invalid, "there was no such offer");
      begun[ours] = all.text_of("sdp");
    }
    if (command == "unsubscribe") {
      offered.erase(ours);
      begun.erase(ours);
    }
    if (command == "query" && ours.empty()) return Bencode(Bencode::Dictionary{{"result", "ok"}, {"tags", parties()}});
    if (command != "query") return Bencode(Bencode::Dictionary{{"result", "ok"}});
    Bencode::List subscriptions;
    if (begun.contains(ours)) subscriptions.emplace_back("A");
    return Bencode(Bencode::Dictionary{
        {"result", "ok"},
        {"tags", Bencode::Dictionary{{ours, Bencode::Dictionary{{"subscriptions", subscriptions}}}}}});
  }
  // With the copies of what they said.
  void leave(const std::string& tag) {
    tags.erase(tag);
    std::erase_if(begun, [&](const auto& one) { return copied[one.first] == tag; });
  }
  void forget() {
    offered.clear();
    begun.clear();
  }

 private:
  // As it tells of all tags: of each party that they have each other's audio, and of ours that they only listen.
  Bencode::Dictionary parties() const {
    const Bencode::List audio{Bencode::Dictionary{{"type", "audio"}}};
    const auto subscriptions = [](const char* type) { return Bencode::List{Bencode::Dictionary{{"type", type}}}; };
    Bencode::Dictionary all;
    for (const std::string& tag : tags) {
      Bencode::Dictionary said{{"tag", tag}, {"medias", audio}, {"subscriptions", subscriptions("offer/answer")}};
      if (labels.contains(tag)) said.emplace_back("label", labels.at(tag));
      all.emplace_back(tag, said);
    }
    for (const auto& [ours, sdp] : begun) {
      all.emplace_back(
          ours, Bencode::Dictionary{{"tag", ours}, {"medias", audio}, {"subscriptions", subscriptions("pub/sub")}});
    }
    all.emplace_back("<untagged 5>", Bencode::Dictionary{{"medias", audio}});  // who has not answered yet
    return all;
  }
  std::string sdp() {
    port = static_cast<std::uint16_t>(port + 2);
    return "v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio " + std::to_string(port) + " " + protocol + " " + formats + "\r\n" +
           crypto + "a=rtpmap:101 telephone-event/8000\r\n";
  }
};

// Live calls that take what they are given.
class FakeCalls final : public CallService {
 public:
  std::map<CallId, CallView> live;
  std::vector<LegSpec> asked;
  std::vector<std::pair<LegId, LegHearing>> heard;
  std::vector<LegChange> changes;
  std::vector<Caller> callers;       // of what was changed or pressed
  std::vector<std::string> pressed;  // "customer 1"
  std::optional<Error> fails;
  std::function<void()> during_create = [] {};
  std::function<void()> during_change = [] {};

  Result<CallView> create_call(const CallSpec& spec, const Caller&) override {
    if (fails) return *fails;
    CallView view;
    view.id = new_id<CallId>(read_clocks().wall);
    add(spec.participants, spec.legs, view);
    live[view.id] = view;
    during_create();
    return view;
  }
  Result<CallView> change_legs(CallId id, const LegsSpec& spec, const Caller& caller) override {
    if (fails) return *fails;
    callers.push_back(caller);
    add(spec.participants, spec.legs, live.at(id));
    changes.insert(changes.end(), spec.changes.begin(), spec.changes.end());
    during_change();
    return live.at(id);
  }
  Result<std::vector<CallView>> calls() override {
    std::vector<CallView> all;
    for (const auto& [id, view] : live) all.push_back(view);
    return all;
  }
  Result<CallView> call(CallId id) override {
    const auto found = live.find(id);
    if (found == live.end()) return error(Errc::not_found, "no such call");
    return found->second;
  }
  Result<EndedCall> end_call(CallId id, const Caller&) override {
    live.erase(id);
    return EndedCall{std::nullopt, "no consent"};
  }
  Result<CallId> find_call(const std::string&, const std::optional<std::string>&) override { return none(); }
  Result<std::vector<ConsentRecordView>> decide(CallId, const ConsentSpec&, const Caller&) override { return none(); }
  Result<CallView> pause(CallId, const std::string&, const Caller&) override { return none(); }
  Result<CallView> resume(CallId, const std::string&, const Caller&) override { return none(); }
  Result<void> withdraw_standing(StandingId, const Caller&) override { return none(); }
  Result<void> change_leg(CallId id, LegId leg, const LegHearing& hearing) override {
    if (!live.contains(id)) return error(Errc::not_found, "no such call");
    heard.emplace_back(leg, hearing);
    return {};
  }
  Result<void> remember(CallId, const std::string&) override { return none(); }
  Result<void> leave(CallId, const Departure&, const Caller&) override { return none(); }
  Result<void> press(CallId, const std::string& participant, char key, const Caller& caller) override {
    if (fails) return *fails;
    pressed.push_back(participant + " " + key);
    callers.push_back(caller);
    return {};
  }
  Result<void> note_preference(CallId, const std::string&, const std::string&, const Caller&) override {
    return none();
  }

 private:
  static Error none() { return error(Errc::unsupported, "not in this test"); }
  void add(const std::vector<ParticipantSpec>& participants, const std::vector<LegSpec>& legs, CallView& view) {
    for (const ParticipantSpec& one : participants) {
      view.participants.push_back({new_id<ParticipantId>(read_clocks().wall), one.ref, one.role, {}, {}, {}});
    }
    for (const LegSpec& spec : legs) {
      asked.push_back(spec);
      LegView leg;
      leg.label = spec.label;
      leg.participant = spec.participant;
      leg.id = new_id<LegId>(read_clocks().wall);
      leg.payloads = spec.payloads;
      leg.address = "198.51.100.1";
      leg.port = static_cast<std::uint16_t>(30000 + 2 * view.legs.size());
      leg.rtcp_port = static_cast<std::uint16_t>(leg.port + 1);
      leg.rtpengine = spec.rtpengine;
      if (spec.srtp != nullptr) leg.srtp.emplace();
      if (spec.srtp != nullptr && spec.srtp->by_dtls) leg.srtp->fingerprint = "sha-256 " + std::string(95, 'A');
      view.legs.push_back(leg);
    }
  }
};

struct Rig {
  FakeCalls inner;
  FakeRtpengine rtpengine;
  std::vector<std::string> told;
  SubscribedCalls calls{inner, rtpengine, [this](const std::string& line) { told.push_back(line); }};

  static LegSpec leg(const std::string& label, const std::string& tag, const Endpoint& server = kServer) {
    LegSpec spec;
    spec.label = label;
    spec.rtpengine = RtpengineSource{server, "the-call", tag, {}};
    return spec;
  }
  Result<CallView> create(const std::vector<LegSpec>& legs) {
    CallSpec spec;
    spec.legs = legs;
    return calls.create_call(spec, kCaller);
  }
  CallView created() {
    auto view = create({leg("customer", "A"), leg("agent", "B")});
    REQUIRE(view);
    return *view;
  }
  void step() { (void)calls.step(read_mono()); }
};

}  // namespace assent::test
