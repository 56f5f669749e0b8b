// Consent, one participant and one purpose at a time: its states, what changes them, and how a change is told to the
// ledger.
//
//     pending --+--> granted ----> withdrawn
//               +--> denied            |
//               +--> expired           |      a grant after any of these three is a new record
//                       |              |
//                       +--> granted <-+       and granted --> expired, when its validity is over
//
// A grant of what is granted that ends later is a new record, too, and moves the end.
// A no is always taken: refusing what is granted withdraws it, refusing what is pending or expired denies it, whatever
// the caller named it. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/strong.h"
#include "base/time.h"
#include "engine/consent/purpose_set.h"

namespace assent {

using ParticipantIndex = Strong<std::uint8_t, struct ParticipantIndexTag>;  // in order of joining; never reused
using LegIndex = Strong<std::uint8_t, struct LegIndexTag>;                  // likewise
using ConsentSeq = Strong<std::uint64_t, struct ConsentSeqTag>;             // one consent record of a call, from 1

enum class ConsentState { pending, granted, denied, withdrawn, expired };
enum class Decision { granted, denied, withdrawn, expired };

enum class SignalType {
  api,       // the caller of the control API says so
  dtmf,      // a digit (RFC 4733) on the participant's own leg; the value is the digit
  voice,     // spoken, recognised outside
  web,       // a form or app
  siprec,    // session metadata (RFC 7866)
  webhook,   // a source that signs what it says (engine/control/webhook_sources.h); the value is its name
  standing,  // a consent on file (standing_consent.h); the value is its id; made here only
  deadline,  // nobody answered in time; made here only
  validity,  // the consent was given for a time, which is over; made here only
  hangup,    // the call ended first; made here only
  leave,     // the participant left first; made here only
};

std::string_view to_text(ConsentState state);
std::string_view to_text(Decision decision);
std::string_view to_text(SignalType type);
std::optional<Decision> parse_decision(std::string_view text);
std::optional<SignalType> parse_signal_type(std::string_view text);

bool comes_from_outside(SignalType type);  // false for those made here only
bool may_be_stated(SignalType type);       // by a caller of the API, of a decision that it passes on
bool is_said(SignalType type);             // somebody's word: from outside, or on file

struct Signal {
  SignalType type = SignalType::api;
  std::string value;  // at most limits::kRefBytes

  bool operator==(const Signal&) const = default;
};

// The moment of an input: when it was handled, and the media time at which it takes effect. Gates turn at media time.
struct Moment {
  Now now;
  WallTime media;
};

// For how long a grant is given. With both, whichever ends first.
struct Validity {
  std::optional<nanoseconds> time;  // from the grant on
  std::optional<WallTime> until;
};

// When a consent is over, by both clocks, whichever gets there first: so neither a clock that is set back nor a machine
// that sleeps makes it longer. Endless unless something is set.
struct Term {
  MonoTime mono = MonoTime::max();
  WallTime wall = WallTime::max();

  static Term of(const Validity& validity, Now from);
  bool is_endless() const { return mono == MonoTime::max(); }
  bool is_over(Now now) const { return !is_endless() && (mono <= now.mono || wall <= now.wall); }

  bool operator==(const Term&) const = default;
};

// One change to put on record, for each purpose in `purposes`. A grant counts only once its record is durable.
struct ConsentChange {
  ConsentSeq seq;
  ParticipantIndex participant;
  Decision decision = Decision::denied;
  PurposeSet purposes;
  Signal signal;
  Moment at;
  std::optional<WallTime> until = {};  // of a grant with a validity
};

}  // namespace assent
