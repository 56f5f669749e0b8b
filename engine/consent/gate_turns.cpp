// How consents become gate turns: the part of CallConsent that no input calls directly.
#include <array>

#include "engine/consent/call_consent.h"

namespace assent {
namespace {

// Or would, if nothing stopped it that has to do with no consent.
bool admits(Gate gate) { return gate == Gate::open || gate == Gate::paused || gate == Gate::suspended; }

}  // namespace

CallConsent::ParticipantMask CallConsent::present() const {
  unsigned mask = 0;
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    if (!participants_[i].left) mask |= 1U << i;
  }
  return static_cast<ParticipantMask>(mask);
}

PurposeSet CallConsent::satisfied(const Leg& leg, View view, Among among) const {
  unsigned counted = present() | 1U << leg.participant.value;
  if (among == Among::heard) counted |= leg.heard;
  std::array<ConsentView, limits::kParticipantsPerCall> everyone;
  std::size_t count = 0;
  std::size_t own = 0;
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    if ((counted >> i & 1U) == 0) continue;
    if (i == leg.participant.value) own = count;
    const ParticipantConsent& consent = participants_[i].consent;
    switch (view) {
      case View::durable: everyone[count++] = consent.durable(); break;
      case View::intended: everyone[count++] = consent.intended(); break;
      case View::hoped: everyone[count++] = consent.hoped(); break;
    }
  }
  return satisfied_purposes(settings_.policy, {everyone.data(), count}, own);
}

// What a gate may open for. That the answer may be kept is no reason to record anything else.
PurposeSet CallConsent::admitting(const Leg& leg, View view, Among among) const {
  return satisfied(leg, view, among) - answer_purpose();
}

PurposeSet CallConsent::answer_purpose() const {
  return settings_.answer ? PurposeSet::of(settings_.answer->purpose) : PurposeSet();
}

PurposeSet CallConsent::purposes(LegIndex leg) const { return satisfied(at(leg), View::durable, Among::present); }

Gate CallConsent::target_of(const Leg& leg) const {
  if (is_over(leg) && leg.gate != Gate::opening) return Gate::closed;
  if (!admitting(leg, View::durable, Among::present).empty()) {
    // What is over takes in nothing more; what it holds was waiting for this record, which is on disk now.
    if (suspended_ && !is_over(leg) && !admits(leg.gate)) return Gate::opening;
    if (paused_) return Gate::paused;
    return suspended_ && !is_over(leg) ? Gate::suspended : Gate::open;
  }
  if (!admitting(leg, View::intended, Among::present).empty()) return Gate::opening;
  if (is_over(leg) || leg.gate == Gate::closed) return Gate::closed;
  return admitting(leg, View::hoped, Among::present).empty() ? Gate::closed : Gate::holding;
}

// What was said around a yes is its evidence. A gate that opens because somebody left, or after a restart, has heard
// none.
RingAction CallConsent::ring_action(const Leg& leg, Gate to, Cause cause) const {
  using Kind = RingAction::Kind;
  if (to == Gate::closed) return {Kind::wipe};
  if (leg.gate == to || to == Gate::holding || admits(leg.gate)) return {Kind::leave};
  const View view = to == Gate::opening ? View::intended : View::durable;
  const RingAction::Answer none = settings_.answer ? RingAction::Answer::drop : RingAction::Answer::leave;
  if (admitting(leg, view, Among::heard).empty()) return {Kind::wipe, {}, none};
  const bool answers = settings_.answer && satisfied(leg, view, Among::heard).contains(settings_.answer->purpose) &&
                       satisfied(leg, view, Among::present).contains(settings_.answer->purpose);
  RingAction action;
  if (leg.gate == Gate::opening) {
    action.kind = Kind::keep_all;
    if (!answers) action.answer = none;
    return action;
  }
  const bool was_said = answers && cause.why == TurnCause::granted;
  action.answer = was_said ? RingAction::Answer::keep : none;
  if (was_said) action.around = settings_.answer->around;
  action.kind = Kind::wipe;
  if (leg.gate == Gate::closed) return action;
  switch (settings_.preroll.kind) {
    case Preroll::Kind::all: action.kind = Kind::keep_all; break;
    case Preroll::Kind::none: break;
    case Preroll::Kind::duration: action = {Kind::keep_last, settings_.preroll.keep, action.answer, action.around};
  }
  return action;
}

// Queued audio is dropped when a refusal ends admission, and also when it had ended before (by hang-up, by a late
// joiner) and the refusal leaves nothing that the leg's own participant agrees to.
bool CallConsent::revokes_queued(const Leg& leg, Gate to, Cause cause) const {
  if (!cause.refuser) return false;
  if (admits(leg.gate) && !admits(to)) return true;
  return leg.participant == *cause.refuser && (at(leg.participant).consent.granted() - answer_purpose()).empty() &&
         admitting(leg, View::durable, Among::present).empty();
}

// What is kept of an answer goes with the consent to that, whatever else is still agreed to.
bool CallConsent::revokes_answer(const Leg& leg, Cause cause) const {
  return cause.refuser && leg.answered &&
         !satisfied(leg, View::intended, Among::present).contains(settings_.answer->purpose);
}

void CallConsent::turn(LegIndex index, Gate to, Cause cause, Moment at, Outcome& out) {
  Leg& leg = legs_[index.value];
  const Gate from = leg.gate;
  const Admission before = leg.admission;
  Admission after = Admission::discard;
  if (to == Gate::open) after = Admission::admit;
  if ((to == Gate::holding || to == Gate::opening) && !paused_ && !is_over(leg)) after = Admission::hold;
  const bool revokes = revokes_queued(leg, to, cause);
  const bool revokes_answer_too = revokes || revokes_answer(leg, cause);
  if (from == to && before == after && !revokes_answer_too) return;

  const bool admission_ends = from != to && (!admits(to) && (to != Gate::opening || admits(from)));
  if (admission_ends || revokes_answer_too) ++leg.epoch.value;
  if (revokes) leg.valid_from = leg.epoch;
  if (revokes_answer_too) leg.answer_valid_from = leg.epoch;
  RingAction ring = ring_action(leg, to, cause);
  if (revokes_answer_too && settings_.answer) ring.answer = RingAction::Answer::drop;
  // Until it is refused: what was admitted of it may wait for long, whatever becomes of the gate.
  leg.answered = ring.answer == RingAction::Answer::keep || (leg.answered && !revokes_answer_too);
  const bool keeps_nothing = ring.kind == RingAction::Kind::wipe && ring.answer != RingAction::Answer::keep;
  if (keeps_nothing || admits(to)) leg.heard = 0;
  leg.gate = to;
  leg.admission = after;
  const auto queued = [](bool drops) { return drops ? QueuedAudio::drop : QueuedAudio::keep; };
  out.turns.push_back({index, from, to, cause.why, before, after, ring, queued(revokes), queued(revokes_answer_too),
                       leg.epoch, leg.valid_from, leg.answer_valid_from, at});
}

void CallConsent::settle_leg(LegIndex index, Cause cause, Moment at, Outcome& out) {
  Leg& leg = legs_[index.value];
  turn(index, target_of(leg), cause, at, out);
  // A leg that was only waiting for the ledger opens so that what it holds is admitted, and closes.
  if (is_over(leg) && admits(leg.gate)) {
    turn(index, Gate::closed, {ended_ ? TurnCause::ended : TurnCause::left}, at, out);
  }
  if (leg.admission == Admission::hold) leg.heard |= present();
}

void CallConsent::settle(Cause cause, Moment at, Outcome& out) {
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    settle_leg(LegIndex(static_cast<std::uint8_t>(i)), cause, at, out);
  }
}

}  // namespace assent
