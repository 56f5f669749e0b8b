#include "engine/consent/participant_consent.h"

#include <algorithm>

namespace assent {

PurposeSet ParticipantConsent::granting() const {
  PurposeSet all;
  for (const InFlight& grant : in_flight_) all |= grant.purposes;
  return all;
}

void ParticipantConsent::recall(Decision decision, PurposeSet purposes, const Term& term) {
  purposes &= asked_;
  for (PurposeSet* set : {&granted_, &denied_, &withdrawn_, &expired_}) *set -= purposes;
  forget_terms(purposes);
  switch (decision) {
    case Decision::granted: granted_ |= purposes; break;
    case Decision::denied: denied_ |= purposes; break;
    case Decision::withdrawn: withdrawn_ |= purposes; break;
    case Decision::expired: expired_ |= purposes; break;
  }
  if (decision == Decision::granted && !term.is_endless() && !purposes.empty()) limited_.push_back({purposes, term});
}

PurposeSet ParticipantConsent::grant(PurposeSet wanted, ConsentSeq seq, const Term& term) {
  wanted = (wanted & asked_) - granting();
  PurposeSet changed = wanted - granted_;
  for (const Limited& grant : limited_) {
    if (grant.term.mono < term.mono) changed |= wanted & grant.purposes;
  }
  if (!changed.empty()) in_flight_.push_back({seq, changed, term});
  return changed;
}

ParticipantConsent::Refused ParticipantConsent::refuse(PurposeSet unwanted) {
  unwanted &= asked_;
  const PurposeSet was_granted = granted_ | granting();
  const PurposeSet was_refused = (denied_ | withdrawn_) - granting();
  const Refused changed{unwanted - was_granted - was_refused, unwanted & was_granted};

  for (InFlight& grant : in_flight_) grant.purposes -= unwanted;
  in_flight_.erase(std::remove_if(in_flight_.begin(), in_flight_.end(),
                                  [](const InFlight& grant) { return grant.purposes.empty(); }),
                   in_flight_.end());
  granted_ -= changed.withdrawn;
  forget_terms(changed.withdrawn);
  denied_ = (denied_ - changed.withdrawn) | changed.denied;
  withdrawn_ |= changed.withdrawn;
  expired_ -= changed.withdrawn | changed.denied;
  return changed;
}

PurposeSet ParticipantConsent::expire_pending() {
  const PurposeSet changed = pending();
  expired_ |= changed;
  return changed;
}

PurposeSet ParticipantConsent::expire_lapsed(Now now) {
  PurposeSet lapsed;
  for (const Limited& grant : limited_) {
    if (grant.term.is_over(now)) lapsed |= grant.purposes;
  }
  for (const InFlight& grant : in_flight_) {
    if (grant.term.is_over(now)) lapsed |= grant.purposes;
  }
  if (lapsed.empty()) return lapsed;
  for (InFlight& grant : in_flight_) grant.purposes -= lapsed;
  std::erase_if(in_flight_, [](const InFlight& grant) { return grant.purposes.empty(); });
  forget_terms(lapsed);
  granted_ -= lapsed;
  denied_ -= lapsed;  // what a grant on its way lay over
  withdrawn_ -= lapsed;
  expired_ |= lapsed;
  return lapsed;
}

std::optional<Term> ParticipantConsent::next_lapse() const {
  Term next;
  const auto note = [&next](const Term& term) {
    next.mono = std::min(next.mono, term.mono);
    next.wall = std::min(next.wall, term.wall);
  };
  for (const Limited& grant : limited_) note(grant.term);
  for (const InFlight& grant : in_flight_) note(grant.term);
  if (next.is_endless()) return std::nullopt;
  return next;
}

void ParticipantConsent::forget_terms(PurposeSet purposes) {
  for (Limited& grant : limited_) grant.purposes -= purposes;
  std::erase_if(limited_, [](const Limited& grant) { return grant.purposes.empty(); });
}

bool ParticipantConsent::confirm(ConsentSeq seq) {
  const auto found =
      std::find_if(in_flight_.begin(), in_flight_.end(), [seq](const InFlight& grant) { return grant.seq == seq; });
  if (found == in_flight_.end()) return false;
  const auto [_, purposes, term] = *found;
  in_flight_.erase(found);
  forget_terms(purposes);
  if (!term.is_endless()) limited_.push_back({purposes, term});
  granted_ |= purposes;
  denied_ -= purposes;
  withdrawn_ -= purposes;
  expired_ -= purposes;
  return true;
}

bool ParticipantConsent::revert(ConsentSeq seq) {
  const auto found =
      std::find_if(in_flight_.begin(), in_flight_.end(), [seq](const InFlight& grant) { return grant.seq == seq; });
  if (found == in_flight_.end()) return false;
  in_flight_.erase(found);
  return true;
}

ConsentState ParticipantConsent::state_of(Purpose purpose) const {
  if ((granted_ | granting()).contains(purpose)) return ConsentState::granted;
  if (denied_.contains(purpose)) return ConsentState::denied;
  if (withdrawn_.contains(purpose)) return ConsentState::withdrawn;
  if (expired_.contains(purpose)) return ConsentState::expired;
  return ConsentState::pending;
}

ConsentView ParticipantConsent::intended() const {
  const PurposeSet coming = granting();
  return {granted_ | coming, (denied_ | withdrawn_) - coming};
}

ConsentView ParticipantConsent::hoped() const {
  const ConsentView soon = intended();
  return {soon.granted | pending(), soon.refused};
}

}  // namespace assent
