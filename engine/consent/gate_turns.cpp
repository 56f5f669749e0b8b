// How consents become gate turns: the part of CallConsent that no input calls directly.
#include <array>

#include "engine/consent/call_consent.h"

namespace assent {
namespace {

bool admits(Gate gate) { return gate == Gate::open || gate == Gate::paused; }

}  // namespace

PurposeSet CallConsent::satisfied(View view, ParticipantIndex own) const {
  std::array<ConsentView, limits::kParticipantsPerCall> everyone;
  std::size_t count = 0;
  std::size_t own_place = 0;
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    const Participant& participant = participants_[i];
    if (i == own.value) own_place = count;
    if (i != own.value && !participant.counts) continue;
    switch (view) {
      case View::durable: everyone[count++] = participant.consent.durable(); break;
      case View::intended: everyone[count++] = participant.consent.intended(); break;
      case View::hoped: everyone[count++] = participant.consent.hoped(); break;
    }
  }
  return satisfied_purposes(settings_.policy, {everyone.data(), count}, own_place);
}

PurposeSet CallConsent::purposes(LegIndex leg) const { return satisfied(View::durable, at(leg).participant); }

Gate CallConsent::target_of(const Leg& leg) const {
  if (is_over(leg) && leg.gate != Gate::opening) return Gate::closed;
  if (!satisfied(View::durable, leg.participant).empty()) return paused_ ? Gate::paused : Gate::open;
  if (!satisfied(View::intended, leg.participant).empty()) return Gate::opening;
  if (is_over(leg) || leg.gate == Gate::closed) return Gate::closed;
  return satisfied(View::hoped, leg.participant).empty() ? Gate::closed : Gate::holding;
}

RingAction CallConsent::ring_action(Gate from, Gate to, TurnCause why) const {
  using Kind = RingAction::Kind;
  if (to == Gate::closed) return {Kind::wipe};
  if (from == to || to == Gate::holding || admits(from)) return {Kind::leave};
  if (from == Gate::opening) return {Kind::keep_all};
  // Held until now, and not any more. Only an opt-in reaches back; when somebody who had not agreed left, what was said
  // while they were there stays unconsented.
  if (why != TurnCause::granted || from == Gate::closed) return {Kind::wipe};
  switch (settings_.preroll.kind) {
    case Preroll::Kind::all: return {Kind::keep_all};
    case Preroll::Kind::none: return {Kind::wipe};
    case Preroll::Kind::duration: return {Kind::keep_last, settings_.preroll.keep};
  }
  return {Kind::wipe};
}

// Queued audio is dropped when a refusal ends admission, and also when it had ended before (by hang-up, by a late
// joiner) and the refusal leaves nothing that the leg's own participant agrees to.
bool CallConsent::revokes_queued(const Leg& leg, Gate to, Cause cause) const {
  if (!cause.refuser) return false;
  if (admits(leg.gate) && !admits(to)) return true;
  return leg.participant == *cause.refuser && at(leg.participant).consent.granted().empty() &&
         satisfied(View::durable, leg.participant).empty();
}

void CallConsent::turn(LegIndex index, Gate to, Cause cause, Moment at, Outcome& out) {
  Leg& leg = legs_[index.value];
  const Gate from = leg.gate;
  const Admission before = leg.admission;
  Admission after = Admission::discard;
  if (to == Gate::open) after = Admission::admit;
  if ((to == Gate::holding || to == Gate::opening) && !paused_ && !is_over(leg)) after = Admission::hold;
  const bool revokes = revokes_queued(leg, to, cause);
  if (from == to && before == after && !revokes) return;

  const bool admission_ends = from != to && (!admits(to) && (to != Gate::opening || admits(from)));
  if (admission_ends || revokes) ++leg.epoch.value;
  if (revokes) leg.valid_from = leg.epoch;
  leg.gate = to;
  leg.admission = after;
  out.turns.push_back({index, from, to, cause.why, before, after, ring_action(from, to, cause.why),
                       revokes ? QueuedAudio::drop : QueuedAudio::keep, leg.epoch, leg.valid_from, at});
}

void CallConsent::settle_leg(LegIndex index, Cause cause, Moment at, Outcome& out) {
  const Leg& leg = legs_[index.value];
  turn(index, target_of(leg), cause, at, out);
  // A leg that was only waiting for the ledger opens so that what it holds is admitted, and closes.
  if (is_over(leg) && admits(leg.gate)) {
    turn(index, Gate::closed, {ended_ ? TurnCause::ended : TurnCause::left}, at, out);
  }
}

void CallConsent::settle(Cause cause, Moment at, Outcome& out) {
  for (bool again = true; again; cause = {TurnCause::left}) {
    again = false;
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      settle_leg(LegIndex(static_cast<std::uint8_t>(i)), cause, at, out);
    }
    for (Participant& participant : participants_) {
      if (!participant.left || !participant.counts || participant.consent.awaits_ledger()) continue;
      participant.counts = false;
      again = true;
    }
  }
}

}  // namespace assent
