// How legs end and people leave while their call goes on, and what keys mean that came beside the audio.
#include <utility>

#include "engine/shard/live_call.h"

namespace assent {

void LiveCall::end_leg(LegIndex leg, Now now) {
  LiveLeg& ended = *legs_.at(leg.value);
  if (consent_.has_left(leg)) return;
  ended.fall_silent(now);  // before its gate turns: what was said until now is heard as it was to be
  outcome_.clear();
  if (consent_.remove_leg(leg, {now, now.wall}, outcome_)) carry_out(now, "engine");
}

void LiveCall::leave(ParticipantIndex participant, Now now) {
  if (consent_.has_left(participant)) return;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const LegIndex leg(static_cast<std::uint8_t>(i));
    if (consent_.participant_of(leg) == participant) legs_[i]->fall_silent(now);
  }
  outcome_.clear();
  if (consent_.leave(participant, {now, now.wall}, outcome_)) carry_out(now, "engine");
}

void LiveCall::press(ParticipantIndex participant, char digit, const std::string& origin, Now now, Done done) {
  // While a call is paused, keys may be a card number.
  if (consent_.paused() || has_erased(participant)) return done({});
  const DigitAction action = consent_.settings().digits.action_of(digit);
  const Signal signal{SignalType::dtmf, {digit}};
  switch (action.kind) {
    case DigitAction::Kind::none: return done({});
    case DigitAction::Kind::pause: return set_paused(Pausing::pause, signal, origin, now, std::move(done));
    case DigitAction::Kind::decide: break;
  }
  decide(participant, action.decision, action.purposes, signal, origin, now,
         [done = std::move(done)](const Result<std::vector<ConsentRow>>& rows) {
           done(rows ? Result<void>() : rows.error());
         });
}

}  // namespace assent
