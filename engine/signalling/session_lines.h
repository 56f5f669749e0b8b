// The m-lines of an offer beside those of the one before: which is which. An m-line whose label was there before is
// that one, wherever it stands now; one without a label is the one in its place, and has its label. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/signalling/session_state.h"

namespace assent {

struct WantedLine {
  const SdpMedia* media = nullptr;  // none: there is no offer, and it stays as it was answered
  std::string old_leg;              // that it was before; ""
  std::string name;                 // what it is called where it has to be: its label, or "stream-1"
  SessionLine line;
  // What the planner makes of it.
  bool is_taken = false;
  LegPayloads payloads = {};
  std::optional<Endpoint> source = {};
  std::optional<Endpoint> offered = {};
  SharedSrtpTerms srtp = nullptr;
  std::vector<const RsParticipant*> speakers = {};
};

std::vector<WantedLine> lines_of(const SdpSession& offer, const SessionState& before);
std::vector<WantedLine> lines_of(const SessionState& before);  // without an offer

}  // namespace assent
