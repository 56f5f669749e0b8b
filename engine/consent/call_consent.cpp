#include "engine/consent/call_consent.h"

#include <algorithm>
#include <string>
#include <utility>

namespace assent {
namespace {

Error no_participant() { return error(Errc::not_found, "the call has no such participant"); }
Error no_leg() { return error(Errc::not_found, "the call has no such leg"); }
Error call_has_ended() { return error(Errc::conflict, "the call has ended"); }

bool is_refusal(Decision decision) { return decision == Decision::denied || decision == Decision::withdrawn; }

Result<void> check_decision(Decision decision, PurposeSet purposes, const Signal& signal, PurposeSet asked) {
  if (decision == Decision::expired) return error(Errc::invalid, "decision: expired is nothing that anybody decides");
  if (!is_said(signal.type)) {
    return error(Errc::invalid, "signal: " + std::string(to_text(signal.type)) + " is made by the engine only");
  }
  if (signal.value.size() > limits::kRefBytes) {
    return error(Errc::invalid, "signal: the value is longer than " + std::to_string(limits::kRefBytes) + " bytes");
  }
  if (decision == Decision::granted && purposes.empty()) {
    return error(Errc::invalid, "purposes: a grant must name what it is for");
  }
  if (!asked.contains(purposes)) return error(Errc::invalid, "purposes: one of them is not asked for in this call");
  return {};
}

}  // namespace

Result<void> check_settings(const ConsentSettings& settings) {
  if (settings.purposes.empty()) return error(Errc::invalid, "purposes: at least one is needed");
  if (settings.hold < 0ns || settings.hold > limits::kHoldMax) {
    return error(Errc::invalid, "hold: between 0 s and 300 s are allowed");
  }
  if (settings.deadline <= 0ns || settings.deadline > limits::kDeadlineMax) {
    return error(Errc::invalid, "deadline: more than 0 s and at most 24 h are allowed");
  }
  if (settings.validity && (*settings.validity <= 0ns || *settings.validity > limits::kValidityMax)) {
    return error(Errc::invalid, "validity: more than 0 s and at most 36500 days are allowed");
  }
  if (settings.preroll.kind == Preroll::Kind::duration &&
      (settings.preroll.keep < 0ns || settings.preroll.keep > settings.hold)) {
    return error(Errc::invalid, "preroll: between 0 s and hold are allowed, because no more than hold is there");
  }
  if (settings.answer && (settings.answer->around <= 0ns || settings.answer->around > settings.hold)) {
    return error(Errc::invalid,
                 "evidence: more than 0 s and up to hold are allowed, because no more than hold is there");
  }
  if (settings.answer && (settings.purposes - PurposeSet::of(settings.answer->purpose)).empty()) {
    return error(Errc::invalid, "purposes: one besides " + std::string(kEvidencePurpose) + " is needed");
  }
  return {};
}
static_assert(limits::kHoldMax == 300s && limits::kDeadlineMax == 24h && limits::kValidityMax == 36500 * 24h,
              "the texts above name them");

// For one input a leg turns at most three times: at a deadline that has passed, to open, and to close.
Outcome::Outcome() {
  turns.reserve(3 * limits::kLegsPerCall);
  changes.reserve(2 * limits::kParticipantsPerCall);
}

void Outcome::clear() {
  turns.clear();
  changes.clear();
  pause.reset();
}

CallConsent::CallConsent(const ConsentSettings& settings) : settings_(settings) {}

Result<CallConsent> CallConsent::create(const ConsentSettings& settings) {
  if (auto checked = check_settings(settings); !checked) return checked.error();
  return CallConsent(settings);
}

const CallConsent::Participant& CallConsent::at(ParticipantIndex index) const {
  ASSENT_CHECK(index.value < participants_.size());
  return participants_[index.value];
}

const CallConsent::Leg& CallConsent::at(LegIndex index) const {
  ASSENT_CHECK(index.value < legs_.size());
  return legs_[index.value];
}

CallConsent::Participant* CallConsent::find(ParticipantIndex index) {
  return index.value < participants_.size() ? &participants_[index.value] : nullptr;
}

CallConsent::Leg* CallConsent::find(LegIndex index) {
  return index.value < legs_.size() ? &legs_[index.value] : nullptr;
}

// ---- Who is there -------------------------------------------------------------------------------------------------

Result<ParticipantIndex> CallConsent::join(Moment at, Outcome& out) {
  return admit({ParticipantConsent(settings_.purposes), at.now.mono + settings_.deadline}, at, out);
}

Result<ParticipantIndex> CallConsent::rejoin(ParticipantConsent said, MonoTime deadline, Moment at, Outcome& out) {
  ASSENT_CHECK(legs_.empty());
  auto index = admit({std::move(said), deadline}, at, out);
  tick(at, out);  // what has run out since
  return index;
}

void CallConsent::rejoin_paused() {
  ASSENT_CHECK(legs_.empty());
  paused_ = true;
}

Result<void> CallConsent::check_room(std::size_t participants, std::size_t legs) const {
  if (participants_.size() + participants > limits::kParticipantsPerCall) {
    return error(Errc::exhausted, "a call has at most " + std::to_string(limits::kParticipantsPerCall) +
                                      " participants, with those that left");
  }
  if (legs_.size() + legs > limits::kLegsPerCall) {
    return error(Errc::exhausted,
                 "a call has at most " + std::to_string(limits::kLegsPerCall) + " legs, with those that left");
  }
  return {};
}

Result<ParticipantIndex> CallConsent::admit(Participant participant, Moment at, Outcome& out) {
  tick(at, out);
  if (ended_) return call_has_ended();
  if (auto room = check_room(1, 0); !room) return room.error();
  const ParticipantIndex index(static_cast<std::uint8_t>(participants_.size()));
  participants_.push_back(std::move(participant));
  settle({TurnCause::joined}, at, out);
  return index;
}

Result<LegIndex> CallConsent::add_leg(ParticipantIndex participant, Moment at, Outcome& out) {
  tick(at, out);
  const Participant* owner = find(participant);
  if (owner == nullptr) return no_participant();
  if (ended_) return call_has_ended();
  if (owner->left) return error(Errc::conflict, "the participant has left the call");
  if (auto room = check_room(0, 1); !room) return room.error();
  const LegIndex index(static_cast<std::uint8_t>(legs_.size()));
  legs_.push_back({participant});
  settle({TurnCause::joined}, at, out);
  return index;
}

Result<void> CallConsent::leave(ParticipantIndex participant, Moment at, Outcome& out) {
  tick(at, out);
  Participant* leaver = find(participant);
  if (leaver == nullptr) return no_participant();
  if (ended_) return call_has_ended();
  if (leaver->left) return error(Errc::conflict, "the participant has left the call");
  leaver->left = true;
  for (Leg& leg : legs_) leg.left = leg.left || leg.participant == participant;
  expire(participant, SignalType::leave, at, out);
  settle({TurnCause::left}, at, out);
  return {};
}

Result<void> CallConsent::remove_leg(LegIndex leg, Moment at, Outcome& out) {
  tick(at, out);
  Leg* leaver = find(leg);
  if (leaver == nullptr) return no_leg();
  if (ended_) return call_has_ended();
  if (leaver->left) return error(Errc::conflict, "the leg has left the call");
  leaver->left = true;
  settle({TurnCause::left}, at, out);
  return {};
}

// ---- What they say ------------------------------------------------------------------------------------------------

Result<void> CallConsent::decide(ParticipantIndex participant, Decision decision, PurposeSet purposes,
                                 const Signal& signal, Moment at, Outcome& out, const Validity& validity) {
  tick(at, out);
  const Participant* speaker = find(participant);
  if (speaker == nullptr) return no_participant();
  if (auto checked = check_decision(decision, purposes, signal, settings_.purposes); !checked) return checked;
  if (is_refusal(decision)) {
    refuse(participant, purposes, signal, at, out);
    return {};
  }
  if (ended_) return call_has_ended();
  if (speaker->left) return error(Errc::conflict, "the participant has left the call");
  const Term term = term_of(validity, at.now);
  if (term.is_over(at.now)) return error(Errc::invalid, "validity: it is over already");
  grant(participant, purposes, signal, term, at, out);
  return {};
}

void CallConsent::digit(LegIndex leg, char digit, Moment at, Outcome& out) {
  tick(at, out);
  const Leg* source = find(leg);
  if (source == nullptr || paused_ || is_over(*source)) return;
  const DigitAction action = settings_.digits.action_of(digit);
  switch (action.kind) {
    case DigitAction::Kind::none: return;
    case DigitAction::Kind::pause: pause({SignalType::dtmf, {digit}}, at, out); return;
    case DigitAction::Kind::decide: break;
  }
  if (is_refusal(action.decision)) {
    refuse(source->participant, action.purposes, {SignalType::dtmf, {digit}}, at, out);
  } else if (action.decision == Decision::granted) {
    grant(source->participant, action.purposes, {SignalType::dtmf, {digit}}, term_of({}, at.now), at, out);
  }
}

Term CallConsent::term_of(const Validity& validity, Now now) const {
  Validity shorter = validity;
  if (settings_.validity) shorter.time = std::min(validity.time.value_or(*settings_.validity), *settings_.validity);
  return Term::of(shorter, now);
}

void CallConsent::grant(ParticipantIndex who, PurposeSet purposes, const Signal& signal, const Term& term, Moment at,
                        Outcome& out) {
  const ConsentSeq seq(last_seq_ + 1);
  const PurposeSet changed = participants_[who.value].consent.grant(purposes, seq, term);
  if (changed.empty()) return;
  last_seq_ = seq.value;
  const auto until = term.is_endless() ? std::optional<WallTime>() : term.wall;
  out.changes.push_back({seq, who, Decision::granted, changed, signal, at, until});
  settle({TurnCause::granted}, at, out);
}

void CallConsent::refuse(ParticipantIndex who, PurposeSet purposes, const Signal& signal, Moment at, Outcome& out) {
  const PurposeSet unwanted = purposes.empty() ? settings_.purposes : purposes;
  const ParticipantConsent::Refused changed = participants_[who.value].consent.refuse(unwanted);
  if (!changed.withdrawn.empty()) {
    out.changes.push_back({next_seq(), who, Decision::withdrawn, changed.withdrawn, signal, at});
  }
  if (!changed.denied.empty()) {
    out.changes.push_back({next_seq(), who, Decision::denied, changed.denied, signal, at});
  }
  if (changed.withdrawn.empty() && changed.denied.empty()) return;
  settle({changed.withdrawn.empty() ? TurnCause::denied : TurnCause::withdrawn, who}, at, out);
}

void CallConsent::expire(ParticipantIndex who, SignalType type, Moment at, Outcome& out) {
  const PurposeSet changed = participants_[who.value].consent.expire_pending();
  if (!changed.empty()) out.changes.push_back({next_seq(), who, Decision::expired, changed, {type, {}}, at});
}

void CallConsent::pause(const Signal& why, Moment at, Outcome& out) {
  tick(at, out);
  if (paused_ || ended_) return;
  paused_ = true;
  out.pause = {PauseChange::Kind::paused, why, at};
  settle({TurnCause::paused}, at, out);
}

void CallConsent::resume(const Signal& why, Moment at, Outcome& out) {
  tick(at, out);
  if (!paused_ || ended_) return;
  paused_ = false;
  out.pause = {PauseChange::Kind::resumed, why, at};
  settle({TurnCause::resumed}, at, out);
}

// ---- What the ledger and the clock say ----------------------------------------------------------------------------

void CallConsent::suspend(Moment at, Outcome& out) {
  tick(at, out);
  if (suspended_) return;
  suspended_ = true;
  settle({TurnCause::suspended}, at, out);
}

void CallConsent::reinstate(Moment at, Outcome& out) {
  tick(at, out);
  if (!suspended_) return;
  suspended_ = false;
  settle({TurnCause::reinstated}, at, out);
}

void CallConsent::durable(ConsentSeq record, Moment at, Outcome& out) {
  tick(at, out);
  for (Participant& participant : participants_) {
    if (participant.consent.confirm(record)) settle({TurnCause::durable}, at, out);
  }
}

void CallConsent::refused(ConsentSeq record, Moment at, Outcome& out) {
  tick(at, out);
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    Participant& participant = participants_[i];
    if (!participant.consent.revert(record)) continue;
    // What the grant said is pending again, and may have been pending for too long by now.
    const ParticipantIndex who(static_cast<std::uint8_t>(i));
    if (ended_) {
      expire(who, SignalType::hangup, at, out);
    } else if (participant.left) {
      expire(who, SignalType::leave, at, out);
    } else if (participant.deadline <= at.now.mono) {
      expire(who, SignalType::deadline, at, out);
    }
    settle({TurnCause::refused}, at, out);
  }
}

void CallConsent::tick(Moment at, Outcome& out) {
  const std::size_t before = out.changes.size();
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    const PurposeSet lapsed = participants_[i].consent.expire_lapsed(at.now);
    if (!lapsed.empty()) {
      const ParticipantIndex who(static_cast<std::uint8_t>(i));
      out.changes.push_back({next_seq(), who, Decision::expired, lapsed, {SignalType::validity, {}}, at});
    }
    if (participants_[i].deadline > at.now.mono) continue;
    expire(ParticipantIndex(static_cast<std::uint8_t>(i)), SignalType::deadline, at, out);
  }
  if (out.changes.size() != before) settle({TurnCause::expired}, at, out);
}

std::optional<Term> CallConsent::next_lapse() const {
  std::optional<Term> next;
  for (const Participant& participant : participants_) {
    const auto own = participant.consent.next_lapse();
    if (!own) continue;
    next = next ? Term{std::min(next->mono, own->mono), std::min(next->wall, own->wall)} : *own;
  }
  return next;
}

std::optional<MonoTime> CallConsent::next_deadline() const {
  std::optional<MonoTime> next;
  if (const auto lapse = next_lapse()) next = lapse->mono;
  for (const Participant& participant : participants_) {
    if (participant.consent.pending().empty()) continue;
    if (!next || participant.deadline < *next) next = participant.deadline;
  }
  return next;
}

void CallConsent::leave_off(Moment at, Outcome& out) {
  tick(at, out);
  if (ended_) return;
  ended_ = true;
  settle({TurnCause::ended}, at, out);
}

void CallConsent::end(Moment at, Outcome& out) {
  tick(at, out);
  if (ended_) return;
  ended_ = true;
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    expire(ParticipantIndex(static_cast<std::uint8_t>(i)), SignalType::hangup, at, out);
  }
  settle({TurnCause::ended}, at, out);
}

bool CallConsent::settled() const {
  return ended_ && std::all_of(legs_.begin(), legs_.end(), [](const Leg& leg) { return leg.gate == Gate::closed; });
}

}  // namespace assent
