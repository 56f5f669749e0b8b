#include "engine/signalling/subscribed_calls.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "engine/signalling/rtpengine_call.h"

namespace assent {
namespace {

bool is_subscribed(const LegSpec& leg) { return leg.rtpengine.has_value(); }

// What rtpengine does not know, the caller got wrong.
Error of_leg(const std::string& label, const Error& why) {
  const Errc code = why.code == Errc::not_found ? Errc::invalid : why.code;
  return error(code, "legs: \"" + label + "\": " + why.what);
}

// What comes of a key a second time is another press.
bool hears_keys(const LegPayloads& payloads, InbandUse tones) {
  const bool has_waveform = std::any_of(payloads.formats.begin(), payloads.formats.end(),
                                        [](const LegFormat& one) { return one.codec.is_waveform(); });
  return payloads.dtmf || (tones != InbandUse::off && has_waveform);
}

std::string fingerprint_for(const LegView& leg) {
  return leg.srtp && leg.srtp->fingerprint ? *leg.srtp->fingerprint : "";
}

}  // namespace

class SubscribedCalls::Asked {
 public:
  explicit Asked(NgClient& ng) : ng_(ng) {}
  ~Asked() {
    for (const auto& [source, offered] : all_) (void)end_media(ng_, source);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  void add(const RtpengineSource& source, OfferedMedia offered) { all_.emplace_back(source, std::move(offered)); }
  const OfferedMedia* find(const RtpengineSource& source) const {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.first == source; });
    return found == all_.end() ? nullptr : &found->second;
  }
  void keep() { all_.clear(); }

 private:
  NgClient& ng_;
  std::vector<std::pair<RtpengineSource, OfferedMedia>> all_;
};

// ---- calls come and go ----------------------------------------------------------------------------------------------

Result<CallView> SubscribedCalls::create_call(const CallSpec& spec, const Caller& caller) {
  if (!spec.rtpengine && std::none_of(spec.legs.begin(), spec.legs.end(), is_subscribed)) {
    return calls_.create_call(spec, caller);
  }
  Asked asked(ng_);
  CallSpec filled = spec;
  if (auto found = find_parties(filled); !found) return found.error();
  if (auto done = ask_for(filled.legs, asked); !done) return done.error();
  auto view = calls_.create_call(filled, caller);
  if (!view) return view;
  if (auto begun = begin(*view, asked); !begun) {
    (void)calls_.end_call(view->id, caller);
    return begun.error();
  }
  asked.keep();
  keep(*view);
  return view;
}

// The parties of rtpengine's call get a leg each.
Result<void> SubscribedCalls::find_parties(CallSpec& spec) {
  if (!spec.rtpengine) return {};
  auto parties = ask_for_parties(ng_, spec.rtpengine->control, spec.rtpengine->call_id);
  if (!parties)
    return error(parties.error().code == Errc::not_found ? Errc::invalid : parties.error().code,
                 "source: " + parties.error().what);
  const std::vector<std::string>& wanted = spec.rtpengine->tags;
  for (const std::string& tag : wanted) {
    const bool is_there =
        std::any_of(parties->begin(), parties->end(), [&](const RtpengineParty& one) { return one.tag == tag; });
    if (!is_there) return error(Errc::invalid, "source: rtpengine's call has no party with the tag \"" + tag + "\"");
  }
  std::erase_if(*parties, [&](const RtpengineParty& party) {
    const bool is_unwanted = !wanted.empty() && std::find(wanted.begin(), wanted.end(), party.tag) == wanted.end();
    return is_unwanted || std::any_of(spec.legs.begin(), spec.legs.end(), [&](const LegSpec& leg) {
             return leg.rtpengine && leg.rtpengine->call_id == spec.rtpengine->call_id &&
                    leg.rtpengine->tag == party.tag;
           });
  });
  if (parties->empty() && spec.legs.empty()) return error(Errc::invalid, "source: nobody is in rtpengine's call");
  KnownParties there;
  for (const ParticipantSpec& one : spec.participants) there.refs.insert(one.ref);
  for (const LegSpec& one : spec.legs) {
    there.heard.insert(one.participant);
    there.labels.insert(one.label);
  }
  PartyLegs found = legs_for(*parties, *spec.rtpengine, there);
  spec.participants.insert(spec.participants.end(), found.participants.begin(), found.participants.end());
  std::move(found.legs.begin(), found.legs.end(), std::back_inserter(spec.legs));
  return {};
}

Result<CallView> SubscribedCalls::change_legs(CallId id, const LegsSpec& spec, const Caller& caller) {
  for (const LegChange& change : spec.changes) {
    if (!is_ours(id, change.label)) continue;
    return error(Errc::invalid, "changes: what rtpengine sends as \"" + change.label + "\" it says itself");
  }
  if (std::none_of(spec.legs.begin(), spec.legs.end(), is_subscribed)) return calls_.change_legs(id, spec, caller);
  Asked asked(ng_);
  LegsSpec filled = spec;
  if (auto done = ask_for(filled.legs, asked); !done) return done.error();
  auto view = calls_.change_legs(id, filled, caller);
  if (!view) return view;
  // The legs are there now. What rtpengine does not send after all is ended, and then looked after like what it forgot.
  if (auto begun = begin(*view, asked); begun) {
    asked.keep();
  } else {
    tell_("call " + to_text(id) + ": " + begun.error().what);
  }
  keep(*view);
  return view;
}

Result<EndedCall> SubscribedCalls::end_call(CallId id, const Caller& caller) {
  auto ended = calls_.end_call(id, caller);
  {
    const std::lock_guard lock(mutex_);
    const auto found = subscribed_.extract(id);
    if (found.empty()) return ended;
    std::move(found.mapped().begin(), found.mapped().end(), std::back_inserter(over_));
  }
  wake_.notify();
  return ended;
}

Result<void> SubscribedCalls::ask_for(std::vector<LegSpec>& legs, Asked& asked) {
  for (LegSpec& leg : legs) {
    if (!leg.rtpengine) continue;
    leg.rtpengine->subscription = new_subscription_tag();
    auto offered = ask_for_media(ng_, *leg.rtpengine);
    if (!offered) {
      const Errc why = offered.error().code;  // unless it does not answer, or knows of nothing to end
      if (why != Errc::unavailable && why != Errc::not_found) (void)end_media(ng_, *leg.rtpengine);
      return of_leg(leg.label, offered.error());
    }
    leg.payloads = offered->payloads;
    leg.source = offered->from;
    leg.srtp = offered->srtp;
    asked.add(*leg.rtpengine, *std::move(offered));
  }
  return {};
}

Result<void> SubscribedCalls::begin(const CallView& view, Asked& asked) {
  for (const LegView& leg : view.legs) {
    const OfferedMedia* offered = leg.rtpengine ? asked.find(*leg.rtpengine) : nullptr;
    const auto rtp = parse_address(leg.address, leg.port);
    if (offered == nullptr || !rtp) continue;
    auto begun = begin_media(ng_, *leg.rtpengine, *offered, {*rtp, leg.rtcp_port, fingerprint_for(leg)});
    if (!begun) return of_leg(leg.label, begun.error());
  }
  return {};
}

void SubscribedCalls::keep(const CallView& view) {
  std::vector<Subscribed> all;
  for (const LegView& leg : view.legs) {
    const auto rtp = parse_address(leg.address, leg.port);
    if (!leg.rtpengine || !rtp) continue;
    all.push_back({leg.id,
                   leg.label,
                   *leg.rtpengine,
                   {*rtp, leg.rtcp_port, fingerprint_for(leg)},
                   leg.participant,
                   leg.payloads,
                   leg.srtp.has_value(),
                   false});
  }
  if (all.empty()) return;
  const std::lock_guard lock(mutex_);
  subscribed_[view.id] = std::move(all);
}

// One that does not answer is not asked again: it sends nothing, or the call's end ends it there, too.
void SubscribedCalls::end(const std::vector<Subscribed>& all, std::set<Endpoint>& silent) {
  for (const Subscribed& one : all) {
    if (silent.contains(one.source.control)) continue;
    const auto ended = end_media(ng_, one.source);
    if (ended) continue;
    if (ended.error().code == Errc::unavailable) silent.insert(one.source.control);
    tell_("leg \"" + one.label + "\": " + ended.error().what);
  }
}

bool SubscribedCalls::is_ours(CallId id, const std::string& label) {
  const std::lock_guard lock(mutex_);
  const auto found = subscribed_.find(id);
  if (found == subscribed_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](const Subscribed& one) { return one.label == label; });
}

// ---- looking after them ---------------------------------------------------------------------------------------------

void SubscribedCalls::take_up() {
  const auto views = calls_.calls();
  if (!views) return tell_("what media servers send is not looked after: " + views.error().what);
  for (const CallView& view : *views) keep(view);
}

MonoTime SubscribedCalls::step(MonoTime now) {
  std::vector<CallId> all;
  std::vector<Subscribed> over;
  {
    const std::lock_guard lock(mutex_);
    over = std::exchange(over_, {});
    for (const auto& [id, subscribed] : subscribed_) all.push_back(id);
  }
  std::set<Endpoint> silent;  // asked once in a round, or one that is down would hold up the others
  end(over, silent);
  std::erase_if(turned_away_,
                [&](const auto& one) { return std::find(all.begin(), all.end(), one.first) == all.end(); });
  for (const CallId id : all) look_after(id, silent);
  return now + limits::kSubscriptionLook;
}

void SubscribedCalls::look_after(CallId id, std::set<Endpoint>& silent) {
  std::vector<Subscribed> all;
  {
    const std::lock_guard lock(mutex_);
    const auto found = subscribed_.find(id);
    if (found == subscribed_.end()) return;
    all = found->second;
  }
  const auto view = calls_.call(id);
  if (!view && view.error().code == Errc::not_found) {  // it ended without being asked to
    {
      const std::lock_guard lock(mutex_);
      subscribed_.erase(id);
    }
    return end(all, silent);
  }
  bool changed = false;
  for (Subscribed& one : all) {
    if (silent.contains(one.source.control)) continue;
    auto checked = one.is_lost ? Result<void>(error(Errc::not_found, "")) : check_media(ng_, one.source);
    if (!checked && checked.error().code == Errc::unavailable) silent.insert(one.source.control);
    if (checked || checked.error().code != Errc::not_found) continue;
    checked = subscribe_anew(id, one);
    if (one.is_lost && !checked) continue;  // told before
    one.is_lost = !checked;
    changed = true;
    tell_("call " + to_text(id) + ", leg \"" + one.label +
          "\": " + (checked ? "rtpengine sends it again" : "rtpengine has forgotten it: " + checked.error().what));
  }
  if (changed) note(id, all);
  let_in(id, silent);
}

// Others may have come meanwhile, which stay as they are.
void SubscribedCalls::note(CallId id, const std::vector<Subscribed>& looked_after) {
  const std::lock_guard lock(mutex_);
  const auto found = subscribed_.find(id);
  if (found == subscribed_.end()) return;
  for (const Subscribed& one : looked_after) {
    for (Subscribed& kept : found->second) {
      if (kept.leg == one.leg) kept = one;
    }
  }
}

// Whoever has come to rtpengine's call since. Who is turned away once is not tried again.
void SubscribedCalls::let_in(CallId id, const std::set<Endpoint>& silent) {
  std::vector<Subscribed> all;
  {
    const std::lock_guard lock(mutex_);
    const auto found = subscribed_.find(id);
    if (found == subscribed_.end()) return;
    all = found->second;
  }
  const auto one_of_all = std::find_if(all.begin(), all.end(), [&](const Subscribed& one) {
    return one.source.is_one_of_all && !one.is_lost && !silent.contains(one.source.control);
  });
  if (one_of_all == all.end()) return;
  const RtpengineCall call{one_of_all->source.control, one_of_all->source.call_id};
  auto parties = ask_for_parties(ng_, call.control, call.call_id);
  if (!parties) return;
  std::erase_if(*parties, [&](const RtpengineParty& party) {
    if (turned_away_.contains({id, party.tag})) return true;
    return std::any_of(all.begin(), all.end(), [&](const Subscribed& one) { return one.source.tag == party.tag; });
  });
  if (parties->empty()) return;
  const auto view = calls_.call(id);
  if (!view) return;
  KnownParties there;
  for (const ParticipantView& one : view->participants) there.refs.insert(one.ref);
  for (const LegView& one : view->legs) {
    there.heard.insert(one.participant);
    there.labels.insert(one.label);
  }
  const Caller caller{to_text(call.control), std::nullopt, Caller::By::rtpengine};
  for (const RtpengineParty& one : *parties) {  // one by one: who cannot be recorded is in nobody's way
    PartyLegs found = legs_for({one}, call, there);
    const auto added = change_legs(id, {std::move(found.participants), std::move(found.legs)}, caller);
    if (!added) turned_away_.emplace(id, one.tag);
    tell_("call " + to_text(id) + ": \"" + one.tag + "\" has come to it at rtpengine" +
          (added ? "" : ", and is not recorded: " + added.error().what));
  }
}

void SubscribedCalls::press(const LoggedKey& key, const Endpoint& from, InbandUse tones) {
  std::vector<std::pair<CallId, Subscribed>> pressed;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, subscribed] : subscribed_) {
      for (const Subscribed& one : subscribed) {
        const bool is_theirs = one.source.call_id == key.call_id && one.source.tag == key.tag;
        const bool may_tell = one.source.control.address == from.address;
        if (is_theirs && may_tell && !hears_keys(one.taken, tones)) pressed.emplace_back(id, one);
      }
    }
  }
  for (const auto& [id, one] : pressed) {
    const Caller caller{to_text(one.source.control), read_mono(), Caller::By::rtpengine};
    const auto done = calls_.press(id, one.participant, key.key, caller);
    if (!done) tell_("call " + to_text(id) + ", leg \"" + one.label + "\": a key is lost: " + done.error().what);
  }
}

// A leg that has keys is never heard without any, so what was SRTP and is plain now is not taken.
Result<void> SubscribedCalls::hear(CallId id, const Subscribed& one, const OfferedMedia& offered) {
  if (one.is_srtp && offered.srtp == nullptr) {
    return error(Errc::unsupported, "it sends plain RTP now, and sent SRTP before");
  }
  return calls_.change_leg(id, one.leg, {one.taken, offered.from, offered.srtp});
}

std::string SubscribedCalls::fingerprint_now(CallId id, LegId leg) {
  const auto view = calls_.call(id);
  if (!view) return "";
  const auto shown =
      std::find_if(view->legs.begin(), view->legs.end(), [&](const LegView& one) { return one.id == leg; });
  return shown == view->legs.end() ? "" : fingerprint_for(*shown);
}

Result<void> SubscribedCalls::subscribe_anew(CallId id, Subscribed& one) {
  const auto offered = ask_for_media(ng_, one.source, one.taken);
  // Before it is told where to send to: the leg takes nobody's packets but the source's, and under no other keys.
  auto begun = offered ? hear(id, one, *offered) : Result<void>(offered.error());
  if (begun) one.receiving.fingerprint = fingerprint_now(id, one.leg);
  if (begun) begun = begin_media(ng_, one.source, *offered, one.receiving);
  if (!begun) (void)end_media(ng_, one.source);  // the call may have ended meanwhile
  return begun;
}

}  // namespace assent
