// Recording sessions on live calls that are made up: they keep what they are asked for, and refuse what they are told
// to. Also what the fuzzer stands on, so without Catch.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/signalling/recorded_sessions.h"

namespace assent {

// Of the certificate that those are shown who make a handshake with us.
inline const std::string kOurFingerprint =
    "sha-256 0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9";

class KeptCalls final : public CallService {
 public:
  struct Kept {
    CallView view;
    CallSpec spec;
    Caller caller;
    std::vector<ParticipantSpec> participants;               // all that ever joined
    std::map<std::string, std::optional<Endpoint>> sources;  // of the legs, by label
    std::map<std::string, SharedSrtpTerms> srtp;             // likewise
  };
  std::map<CallId, Kept> live;
  std::vector<std::string> asked;                      // "press bob 1"
  std::optional<std::pair<std::string, Error>> fails;  // what is asked, by its first word

  Kept& only() { return live.begin()->second; }

  Result<CallView> create_call(const CallSpec& spec, const Caller& caller) override {
    if (auto refused = note("create"); !refused) return refused.error();
    CallView view;
    view.id = new_id<CallId>(WallTime(std::chrono::seconds(1'800'000'000)));
    view.ref = spec.ref;
    view.policy = spec.policy.value_or("all-party");
    view.signalled = spec.signalled;
    Kept& kept = live[view.id];
    kept.view = std::move(view);
    kept.spec = spec;
    kept.caller = caller;
    add(kept, spec.participants, spec.legs);
    return kept.view;
  }
  Result<CallView> change_legs(CallId id, const LegsSpec& spec, const Caller&) override {
    if (auto refused = note("legs"); !refused) return refused.error();
    Kept* kept = find(id);
    if (kept == nullptr) return gone();
    add(*kept, spec.participants, spec.legs);
    return kept->view;
  }
  Result<void> change_leg(CallId id, LegId leg, const LegHearing& hearing) override {
    if (auto refused = note("change"); !refused) return refused;
    Kept* kept = find(id);
    if (kept == nullptr) return gone();
    for (LegView& one : kept->view.legs) {
      if (one.id != leg) continue;
      one.payloads = hearing.payloads;
      kept->sources[one.label] = hearing.source;
      if (hearing.srtp != nullptr) kept->srtp[one.label] = hearing.srtp;
      show_srtp(one, hearing.srtp);
    }
    return {};
  }
  Result<void> leave(CallId id, const Departure& who, const Caller&) override {
    std::string words = "leave";
    for (const std::string& ref : who.participants) words += " " + ref;
    Kept* kept = find(id);
    if (kept == nullptr) return gone();
    for (LegView& leg : kept->view.legs) {
      const bool is_named = std::find(who.legs.begin(), who.legs.end(), leg.id) != who.legs.end();
      if (is_named) words += " leg:" + leg.label;
      const bool is_theirs =
          std::find(who.participants.begin(), who.participants.end(), leg.participant) != who.participants.end();
      leg.has_ended = leg.has_ended || is_named || is_theirs;
    }
    return note(words);
  }
  Result<CallView> call(CallId id) override {
    Kept* kept = find(id);
    if (kept == nullptr) return gone();
    return kept->view;
  }
  Result<std::vector<CallView>> calls() override {
    std::vector<CallView> all;
    for (const auto& [id, kept] : live) all.push_back(kept.view);
    return all;
  }
  Result<CallId> find_call(const std::string& id_or_ref, const std::optional<std::string>&) override {
    for (const auto& [id, kept] : live) {
      if (to_text(id) == id_or_ref) return id;
    }
    return gone();
  }
  Result<void> remember(CallId id, const std::string& signalled) override {
    if (auto refused = note("remember"); !refused) return refused;
    if (Kept* kept = find(id)) kept->view.signalled = signalled;
    return {};
  }
  Result<void> press(CallId, const std::string& participant, char digit, const Caller&) override {
    return note("press " + participant + " " + digit);
  }
  Result<void> note_preference(CallId, const std::string& participant, const std::string& said,
                               const Caller&) override {
    return note("note " + participant + " " + said);
  }
  Result<std::vector<ConsentRecordView>> decide(CallId, const ConsentSpec& spec, const Caller&) override {
    const auto done = note("decide " + spec.participant + " " + spec.decision + " " + spec.signal_type);
    if (!done) return done.error();
    return std::vector<ConsentRecordView>();
  }
  Result<CallView> pause(CallId id, const std::string&, const Caller&) override {
    if (auto refused = note("pause"); !refused) return refused.error();
    return call(id);
  }
  Result<CallView> resume(CallId id, const std::string&, const Caller&) override {
    if (auto refused = note("resume"); !refused) return refused.error();
    return call(id);
  }
  Result<EndedCall> end_call(CallId id, const Caller&) override {
    if (auto refused = note("end"); !refused) return refused.error();
    if (live.erase(id) == 0) return gone();
    return EndedCall{std::nullopt, "no consent"};
  }
  Result<void> withdraw_standing(StandingId, const Caller&) override { return gone(); }

 private:
  static Error gone() { return error(Errc::not_found, "no such call is in progress"); }
  Result<void> note(const std::string& words) {
    asked.push_back(words);
    if (fails && words.substr(0, words.find(' ')) == fails->first) return fails->second;
    return {};
  }
  Kept* find(CallId id) {
    const auto found = live.find(id);
    return found == live.end() ? nullptr : &found->second;
  }
  static void show_srtp(LegView& leg, const SharedSrtpTerms& terms) {
    if (terms == nullptr) return;
    leg.srtp.emplace();
    if (!terms->by_dtls) return;
    leg.srtp->fingerprint = kOurFingerprint;
    leg.rtcp_port = leg.port;
  }
  static void add(Kept& kept, const std::vector<ParticipantSpec>& participants, const std::vector<LegSpec>& legs) {
    for (const ParticipantSpec& one : participants) {
      kept.participants.push_back(one);
      kept.view.participants.push_back(
          {new_id<ParticipantId>(WallTime()), one.ref, one.role, one.subject, one.name, {}});
    }
    for (const LegSpec& spec : legs) {
      LegView leg;
      leg.label = spec.label;
      leg.participant = spec.participant;
      leg.id = new_id<LegId>(WallTime());
      leg.payloads = spec.payloads;
      leg.address = "198.51.100.1";
      leg.port = static_cast<std::uint16_t>(30000 + 2 * kept.view.legs.size());
      for (LegView& old : kept.view.legs) {
        if (spec.replaces != old.id) continue;
        leg.port = old.port;
        old.has_ended = true;
      }
      leg.rtcp_port = static_cast<std::uint16_t>(leg.port + 1);
      show_srtp(leg, spec.srtp);
      kept.sources[spec.label] = spec.source;
      kept.srtp[spec.label] = spec.srtp;
      kept.view.legs.push_back(std::move(leg));
    }
  }
};

struct SessionRig {
  KeptCalls calls;
  std::vector<std::string> told;
  RecordedSessions sessions{calls, [this](const std::string& line) { told.push_back(line); }};
  std::shared_ptr<SiprecTrunk> trunk = std::make_shared<SiprecTrunk>(SiprecTrunk{
      "sbc", "acme", "all-party", Notice{"welcome", "1", "en", ""}, {"@agents.example"}, "agent", "customer"});
  SipDialog dialog{"rec-1@sbc.example", "ours", "theirs"};

  SiprecOffer offer(std::string_view type, std::string_view body) {
    SiprecOffer made;
    made.dialog = dialog;
    made.trunk = trunk;
    made.from = *parse_endpoint("192.0.2.99:5060");
    made.content_type = type;
    made.body = body;
    return made;
  }
  SiprecAnswer begin(std::string_view type, std::string_view body) { return sessions.begin(offer(type, body)); }
  SiprecAnswer change(std::string_view type, std::string_view body) { return sessions.change(offer(type, body)); }
};

}  // namespace assent
