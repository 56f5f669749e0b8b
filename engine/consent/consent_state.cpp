#include "engine/consent/consent_state.h"

#include <algorithm>

namespace assent {

std::string_view to_text(ConsentState state) {
  switch (state) {
    case ConsentState::pending: return "pending";
    case ConsentState::granted: return "granted";
    case ConsentState::denied: return "denied";
    case ConsentState::withdrawn: return "withdrawn";
    case ConsentState::expired: return "expired";
  }
  return "";
}

std::string_view to_text(Decision decision) {
  switch (decision) {
    case Decision::granted: return "granted";
    case Decision::denied: return "denied";
    case Decision::withdrawn: return "withdrawn";
    case Decision::expired: return "expired";
  }
  return "";
}

std::string_view to_text(SignalType type) {
  switch (type) {
    case SignalType::api: return "api";
    case SignalType::dtmf: return "dtmf";
    case SignalType::voice: return "voice";
    case SignalType::web: return "web";
    case SignalType::siprec: return "siprec";
    case SignalType::webhook: return "webhook";
    case SignalType::standing: return "standing";
    case SignalType::deadline: return "deadline";
    case SignalType::validity: return "validity";
    case SignalType::hangup: return "hangup";
    case SignalType::leave: return "leave";
  }
  return "";
}

std::optional<Decision> parse_decision(std::string_view text) {
  for (const Decision decision : {Decision::granted, Decision::denied, Decision::withdrawn, Decision::expired}) {
    if (text == to_text(decision)) return decision;
  }
  return std::nullopt;
}

std::optional<SignalType> parse_signal_type(std::string_view text) {
  for (const SignalType type :
       {SignalType::api, SignalType::dtmf, SignalType::voice, SignalType::web, SignalType::siprec, SignalType::webhook,
        SignalType::standing, SignalType::deadline, SignalType::validity, SignalType::hangup, SignalType::leave}) {
    if (text == to_text(type)) return type;
  }
  return std::nullopt;
}

bool comes_from_outside(SignalType type) { return is_said(type) && type != SignalType::standing; }

bool is_said(SignalType type) {
  return type != SignalType::deadline && type != SignalType::validity && type != SignalType::hangup &&
         type != SignalType::leave;
}

Term Term::of(const Validity& validity, Now from) {
  Term term;
  if (validity.time) term = {from.mono + *validity.time, from.wall + *validity.time};
  if (validity.until) {
    term.mono = std::min(term.mono, from.mono + (*validity.until - from.wall));
    term.wall = std::min(term.wall, *validity.until);
  }
  return term;
}

// A signature cannot be passed on by somebody else.
bool may_be_stated(SignalType type) { return comes_from_outside(type) && type != SignalType::webhook; }

}  // namespace assent
