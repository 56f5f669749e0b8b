// SessionPlan: what an offer or new metadata of a recording session (RFC 7866) asks to be done with its call: who joins
// and leaves, which legs begin, change and end, and how each m-line is answered.
//
// What decides whose voice an m-line has is the metadata, by the m-line's label (RFC 7865 section 6.6). Where it says
// nothing, somebody unknown speaks there, a participant of their own: nobody's consent counts for a voice that may be
// another's. For the same reason a leg whose speaker changes is ended, and another takes its ports; one whose speaker
// has gone, while its m-line is still there, is heard no more until the metadata says who speaks there.
// M-lines of an earlier offer are known again by their labels, and where there are none, by their places.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/control/call_service.h"
#include "engine/signalling/session_state.h"

namespace assent {

// What a request says; either or both.
struct SessionOffer {
  std::optional<SdpSession> sdp;
  std::optional<RsMetadata> metadata;
  Endpoint from;  // of the request
};

// Somebody's side said something about recording, which is no consent: "recordpref:off".
struct SaidPreference {
  std::string person;  // ref
  std::string said;

  bool operator==(const SaidPreference&) const = default;
};

struct SessionPlan {
  SessionState after;  // once all below is done
  std::vector<ParticipantSpec> joining;
  std::vector<LegSpec> adding;
  struct Replacing {
    std::string label;  // of one in `adding`
    std::string old;    // of the leg that ends, and whose ports it has
  };
  std::vector<Replacing> replacing;
  std::vector<std::string> changing;  // labels of legs whose payloads, source, or sender's port are another
  std::vector<std::string> leaving;   // refs
  std::vector<std::string> ending;    // labels of legs of those who stay
  // The voices of several are in one m-line, where only a policy that asks all of them is right.
  bool needs_all_party = false;
  bool wants_pause = false;  // somebody's side asks for it now
  std::vector<SaidPreference> preferences;
  std::vector<std::string> told;  // what an operator should know
};

enum class Mixing { allowed, refused };  // the latter: the call goes by another policy than all-party

// Errc::unsupported: nothing of what is offered can be recorded, or more people are in it at its beginning than a call
// has. Where there come to be more later, its legs end.
Result<SessionPlan> plan_session(const SessionState& before, const SessionOffer& offer, const SiprecTrunk& trunk,
                                 Mixing mixing);

}  // namespace assent
