#include "engine/signalling/recorded_sessions.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/random.h"
#include "engine/signalling/multipart.h"
#include "engine/signalling/plain_text.h"
#include "engine/signalling/pressed_key.h"
#include "engine/signalling/session_answer.h"
#include "engine/signalling/session_names.h"
#include "engine/signalling/session_offer.h"
#include "engine/signalling/siprec_refusal.h"

namespace assent {
namespace {

Caller caller_of(const SessionState& state) { return {state.trunk, std::nullopt, Caller::By::trunk}; }

SiprecAnswer no_such_session() { return refusal(481, "no such recording session"); }

// By what others know the recorded call, so that whoever asks for consent finds it: the identifier that both have (RFC
// 7989), or of the recording session what is always there.
std::string ref_of_call(const SiprecOffer& offer, const SessionOffer& said) {
  std::string ref = plain_text(offer.session_id, limits::kRefBytes);
  if (ref.empty() && said.metadata) ref = plain_text(said.metadata->sip_session, limits::kRefBytes);
  return ref.empty() ? plain_text(offer.dialog.call_id, limits::kRefBytes) : ref;
}

// Numbers that every reader of SDP can hold (RFC 8866 section 5.2 asks for no more than digits).
std::uint64_t new_sdp_id() { return load_be64(random_32().data()) >> 2; }

const LegView* leg_of(const CallView& view, std::string_view label) {
  const auto found =
      std::find_if(view.legs.begin(), view.legs.end(), [&](const LegView& leg) { return leg.label == label; });
  return found == view.legs.end() ? nullptr : &*found;
}

// Legs that were to change or end are as they were, so that the next offer changes and ends them.
void undo_legs(SessionState& state, const SessionState& before, const SessionPlan& plan) {
  for (const SessionLeg& leg : before.legs) {
    const bool is_replaced = std::any_of(plan.replacing.begin(), plan.replacing.end(),
                                         [&](const SessionPlan::Replacing& one) { return one.old == leg.label; });
    if (!is_replaced) *state.leg(leg.label) = leg;
  }
}

constexpr const char* kPauseReason = "recording preference";

}  // namespace

RecordedSessions::SessionPtr RecordedSessions::find(const SipDialog& dialog) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(dialog);
  return found == sessions_.end() ? nullptr : found->second;
}

void RecordedSessions::forget(const SipDialog& dialog) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(dialog);
}

bool RecordedSessions::keep(const SessionPtr& session) {
  const std::lock_guard lock(mutex_);
  return sessions_.size() < limits::kRecordingSessions && sessions_.emplace(session->state.dialog, session).second;
}

// ---- a session begins -----------------------------------------------------------------------------------------------

SiprecAnswer RecordedSessions::begin(const SiprecOffer& offer) {
  const auto said = read_session_offer(offer.content_type, offer.body, offer.from);
  if (!said) return said.error();
  if (!said->sdp) return refusal(400, "a recording session begins with an offer");
  SessionState fresh;
  fresh.dialog = offer.dialog;
  fresh.sdp_id = new_sdp_id();
  fresh.kept = offer.kept;
  auto plan = plan_session(fresh, *said, *offer.trunk, Mixing::allowed);
  if (!plan) return refusal_of(plan.error());
  if (plan->adding.empty()) return refusal(488, "nothing is offered that could be recorded");
  plan->after.is_paused = plan->wants_pause;

  CallSpec spec;
  spec.ref = ref_of_call(offer, *said);
  spec.tenant = offer.trunk->tenant;
  spec.policy = plan->needs_all_party ? "all-party" : offer.trunk->policy;
  spec.notice = offer.trunk->notice;
  spec.participants = plan->joining;
  spec.legs = plan->adding;
  spec.signalled = to_json(plan->after);
  const Caller caller = caller_of(plan->after);
  auto view = calls_.create_call(spec, caller);
  if (!view) return refusal_of(view.error());

  // Before anybody is told where to send to, or nothing is left of it.
  auto noted =
      offer.wants_recording_aware ? calls_.note_preference(view->id, "", "record-aware", caller) : Result<void>();
  if (noted) noted = note_preferences(view->id, *plan, caller);
  auto session = std::make_shared<Session>(Session{view->id, std::move(plan->after), offer.trunk});
  auto answer = session_answer(session->state, *view);
  if (!noted || !answer || !keep(session)) {
    end_call(view->id, caller);
    return !noted    ? refusal_of(noted.error())
           : !answer ? refusal_of(answer.error())
                     : refusal(503, "too many recording sessions");
  }
  for (const std::string& line : plan->told) tell_("call " + to_text(view->id) + ": " + line);
  return {200, "OK", *std::move(answer), {}};
}

// What is refused for somebody, or paused, is so before it is answered.
Result<void> RecordedSessions::note_preferences(CallId call, SessionPlan& plan, const Caller& caller) {
  for (const SaidPreference& one : plan.preferences) {
    if (auto noted = calls_.note_preference(call, one.person, one.said, caller); !noted) return noted;
    if (one.said != "recordpref:off") continue;
    ConsentSpec refusal;
    refusal.participant = one.person;
    refusal.decision = "denied";
    refusal.signal_type = "siprec";
    refusal.signal_value = one.said;
    if (auto refused = calls_.decide(call, refusal, caller); !refused) return refused.error();
  }
  if (!plan.wants_pause) return {};
  const auto paused = calls_.pause(call, kPauseReason, caller);
  return paused ? Result<void>() : paused.error();
}

// ---- it changes -----------------------------------------------------------------------------------------------------

SiprecAnswer RecordedSessions::change(const SiprecOffer& offer) {
  const SessionPtr session = find(offer.dialog);
  if (session == nullptr) return no_such_session();
  session->trunk = offer.trunk;
  const std::string remembered = to_json(session->state);
  if (!offer.kept.empty()) session->state.kept = offer.kept;
  const auto said = read_session_offer(offer.content_type, offer.body, offer.from);
  SiprecAnswer answer = said ? change(*session, *said) : said.error();
  remember(*session, remembered);
  return answer;
}

SiprecAnswer RecordedSessions::change(Session& session, const SessionOffer& said) {
  const auto view = calls_.call(session.call);
  if (!view && view.error().code == Errc::not_found) {
    forget(session.state.dialog);
    return refusal(481, "the recorded call has ended");
  }
  if (!view) return refusal_of(view.error());
  if (said.sdp || said.metadata) return apply(session, said, *view);
  auto answer = session_answer(session.state, *view);  // the session is refreshed, no more
  return answer ? SiprecAnswer{200, "OK", *std::move(answer), {}} : refusal_of(answer.error());
}

SiprecAnswer RecordedSessions::apply(Session& session, const SessionOffer& said, const CallView& view) {
  const Mixing mixing = view.policy == "all-party" ? Mixing::allowed : Mixing::refused;
  auto plan = plan_session(session.state, said, *session.trunk, mixing);
  if (!plan) return refusal_of(plan.error());
  const std::string before = session_answer(session.state, view).value_or("");
  const auto changed = carry_out(session, *plan, view);
  for (const std::string& line : plan->told) tell_("call " + to_text(session.call) + ": " + line);
  if (!changed) return refusal_of(changed.error());
  auto answer = session_answer(session.state, *changed);
  if (answer && *answer != before) {
    ++session.state.sdp_version;
    answer = session_answer(session.state, *changed);
  }
  return answer ? SiprecAnswer{200, "OK", *std::move(answer), {}} : refusal_of(answer.error());
}

// For a restart, where something of it is another than before.
void RecordedSessions::remember(const Session& session, const std::string& before) {
  const std::string now = to_json(session.state);
  if (now == before || find(session.state.dialog) == nullptr) return;
  const auto kept = calls_.remember(session.call, now);
  if (!kept) tell_("call " + to_text(session.call) + " may not go on after a restart: " + kept.error().what);
}

// Who joins joins before others leave, so that at no moment fewer people are asked than are there. Where it fails, the
// session's state is what has been done by then; the next offer does the rest.
Result<CallView> RecordedSessions::carry_out(Session& session, SessionPlan& plan, CallView view) {
  const CallId call = session.call;
  const Caller caller = caller_of(plan.after);
  if (!plan.joining.empty() || !plan.adding.empty()) {
    LegsSpec coming{plan.joining, plan.adding};
    for (LegSpec& leg : coming.legs) {
      const auto replaced = std::find_if(plan.replacing.begin(), plan.replacing.end(),
                                         [&](const auto& one) { return one.label == leg.label; });
      if (replaced == plan.replacing.end()) continue;
      if (const LegView* old = leg_of(view, replaced->old)) leg.replaces = old->id;
    }
    auto grown = calls_.change_legs(call, coming, caller);
    if (!grown) return grown;
    view = *std::move(grown);
  }
  Departure going;
  going.participants = plan.leaving;
  for (const std::string& label : plan.ending) {
    if (const LegView* leg = leg_of(view, label)) going.legs.push_back(leg->id);
  }
  const bool was_paused = session.state.is_paused;
  const SessionState before = std::exchange(session.state, plan.after);
  session.state.is_paused = was_paused;
  if (!going.participants.empty() || !going.legs.empty()) {
    if (auto left = calls_.leave(call, going, caller); !left) {
      for (const std::string& ref : plan.leaving) session.state.person(ref)->has_left = false;
      undo_legs(session.state, before, plan);
      return left.error();
    }
  }
  if (auto changed = change_media(session, plan, view); !changed) {
    undo_legs(session.state, before, plan);
    return changed.error();
  }
  if (auto noted = note_preferences(call, plan, caller); !noted) return noted.error();
  if (was_paused && !plan.wants_pause) {
    if (auto resumed = calls_.resume(call, kPauseReason, caller); !resumed) return resumed.error();
  }
  session.state.is_paused = plan.wants_pause;
  return calls_.call(call);
}

Result<void> RecordedSessions::change_media(Session& session, SessionPlan& plan, const CallView& view) {
  for (const std::string& label : plan.changing) {
    const SessionLeg& leg = *session.state.leg(label);
    const LegView* shown = leg_of(view, label);
    if (shown == nullptr) return error(Errc::not_found, "the call has no leg \"" + label + "\"");
    auto changed = calls_.change_leg(session.call, shown->id, {leg.payloads, leg.source, leg.srtp});
    if (!changed && changed.error().code == Errc::exhausted) changed = replace_leg(session, plan, view, label);
    if (!changed) return changed;
  }
  return {};
}

// Of the same speaker, on the same ports, where the old one has no room for what is sent now. What was held in it for
// want of consent is gone.
Result<void> RecordedSessions::replace_leg(Session& session, SessionPlan& plan, const CallView& view,
                                           const std::string& label) {
  if (session.state.legs.size() == limits::kLegsPerCall) {
    return error(Errc::unsupported, "a recorded call has at most " + std::to_string(limits::kLegsPerCall) + " legs");
  }
  const SessionLeg old = *session.state.leg(label);
  LegSpec leg;
  leg.label = free_label(session.state, label);
  leg.participant = old.person;
  leg.payloads = old.payloads;
  leg.source = old.source;
  leg.srtp = old.srtp;
  leg.replaces = leg_of(view, label)->id;
  auto replaced = calls_.change_legs(session.call, {{}, {leg}}, caller_of(session.state));
  if (!replaced) return replaced.error();
  session.state.leg(label)->has_ended = true;
  session.state.legs.push_back(old);
  session.state.legs.back().label = leg.label;
  for (SessionLine& line : session.state.lines) {
    if (line.leg == label) line.leg = leg.label;
  }
  plan.told.push_back("the leg \"" + label + "\" goes on as \"" + leg.label + "\", with other codecs");
  return {};
}

// ---- what INFO says -------------------------------------------------------------------------------------------------

SiprecAnswer RecordedSessions::inform(const SipDialog& dialog, std::string_view content_type, std::string_view body) {
  const SessionPtr session = find(dialog);
  if (session == nullptr) return no_such_session();
  const auto parts = body_parts(content_type, body);
  if (!parts) return refusal(400, parts.error().what);
  for (const BodyPart& part : *parts) {
    if (part.type == "application/dtmf-relay" || part.type == "application/dtmf") return press(*session, part.content);
  }
  auto said = read_session_offer(content_type, body, {});
  if (!said) return said.error();
  if (!said->metadata) return refusal(415, "INFO brings keys (application/dtmf-relay, application/dtmf) or metadata");
  said->sdp.reset();
  if (session->trunk == nullptr) return refusal(500, "since a restart: send it by UPDATE or re-INVITE");
  const std::string remembered = to_json(session->state);
  SiprecAnswer answer = change(*session, *said);
  answer.sdp.clear();
  remember(*session, remembered);
  return answer;
}

SiprecAnswer RecordedSessions::press(Session& session, std::string_view body) {
  const auto key = pressed_key(body);
  if (!key) return refusal(400, key.error().what);
  const SessionPerson* who = nullptr;
  std::size_t others = 0;
  for (const SessionPerson& one : session.state.people) {
    if (one.has_left || one.is_agent) continue;
    who = &one;
    ++others;
  }
  if (others != 1) {
    const std::string why = "nobody's key: " + std::to_string(others) + " who may have pressed it are in the session";
    tell_("call " + to_text(session.call) + ": " + why);
    return {200, why, {}, {}};
  }
  const auto pressed = calls_.press(session.call, who->ref, *key, caller_of(session.state));
  return pressed ? SiprecAnswer{200, "OK", {}, {}} : refusal_of(pressed.error());
}

// ---- it ends --------------------------------------------------------------------------------------------------------

void RecordedSessions::end(const SipDialog& dialog, std::string_view) {
  const SessionPtr session = find(dialog);
  if (session == nullptr) return;
  forget(dialog);
  end_call(session->call, caller_of(session->state));
}

void RecordedSessions::end_call(CallId call, const Caller& caller) {
  const auto ended = calls_.end_call(call, caller);
  if (ended || ended.error().code == Errc::not_found || ended.error().code == Errc::conflict) return;
  tell_("call " + to_text(call) + " is over, and could not be ended yet: " + ended.error().what);
  const std::lock_guard lock(mutex_);
  to_end_.emplace(call, caller);
}

std::vector<SipDialog> RecordedSessions::ended() {
  std::map<CallId, Caller> again;
  std::vector<std::pair<SipDialog, CallId>> all;
  {
    const std::lock_guard lock(mutex_);
    again = std::exchange(to_end_, {});
    for (const auto& [dialog, session] : sessions_) all.emplace_back(dialog, session->call);
  }
  for (const auto& [call, caller] : again) end_call(call, caller);
  std::vector<SipDialog> over;
  for (const auto& [dialog, call] : all) {
    const auto found = calls_.find_call(to_text(call), std::nullopt);
    if (found || found.error().code != Errc::not_found) continue;
    forget(dialog);
    over.push_back(dialog);
  }
  return over;
}

std::vector<KeptDialog> RecordedSessions::take_up() {
  const auto views = calls_.calls();
  if (!views) {
    tell_("recording sessions of before do not go on: " + views.error().what);
    return {};
  }
  std::vector<KeptDialog> dialogs;
  for (const CallView& view : *views) {
    if (!view.signalled) continue;
    auto state = session_state_from(*view.signalled);
    if (!state) {
      tell_("call " + to_text(view.id) + ": " + state.error().what);
      continue;
    }
    for (SessionLeg& leg : state->legs) {
      if (const LegView* shown = leg_of(view, leg.label)) leg.payloads = shown->payloads;
    }
    const KeptDialog dialog{state->dialog, state->kept};
    if (keep(std::make_shared<Session>(Session{view.id, *std::move(state), nullptr}))) dialogs.push_back(dialog);
  }
  return dialogs;
}

}  // namespace assent
