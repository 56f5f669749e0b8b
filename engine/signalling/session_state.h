// SessionState: what is known of a recording session (RFC 7866) between its offers: who is in it, which of its m-lines
// is which leg, and how they were answered. All of it is a value; RecordedSessions owns one for each session.
//
// Legs and people are named here as they are in their call: by label, and by ref. Those that are gone stay named, for
// a call never gives a name to another. Its text form is CallSpec::signalled: it outlives the engine, and is sealed.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "engine/ingest/leg_payloads.h"
#include "engine/signalling/rs_metadata.h"
#include "engine/signalling/sdp.h"
#include "engine/signalling/siprec_sessions.h"

namespace assent {

struct SessionPerson {
  std::string ref;
  std::string id;  // the metadata's; "": it does not say who they are, only that somebody speaks
  bool is_agent = false;
  bool has_left = false;

  bool operator==(const SessionPerson&) const = default;
};

struct SessionLeg {
  std::string label;
  std::string person;               // whose it is: a ref
  LegPayloads payloads;             // not in the text: the call has them
  std::optional<Endpoint> source;   // pinned
  std::optional<Endpoint> offered;  // where the sender would receive
  bool has_ended = false;
  bool is_secured = false;         // SRTP, by the keys
  SharedSrtpTerms srtp = nullptr;  // which are not in the text either; null: not since a restart

  bool operator==(const SessionLeg&) const = default;
};

// An m-line, in its place, as it was answered last.
struct SessionLine {
  std::string kind;
  std::string protocol;
  std::string label;  // of a=label, now or when it came first
  std::string leg;    // "": it is refused
  std::vector<SdpFormat> formats;
  SdpDirection direction = SdpDirection::recvonly;
  bool rtcp_mux = false;
  std::string record;  // as SdpMedia
  std::string recordpref;
  std::string crypto = {};  // of SRTP, as SdpAnswer: with a key for what we would send, which is nothing
};

struct SessionState {
  SipDialog dialog;
  std::string trunk;
  RsMetadata metadata;
  std::vector<SessionPerson> people;
  std::vector<SessionLeg> legs;
  std::vector<SessionLine> lines;
  std::uint64_t sdp_id = 0;
  std::uint64_t sdp_version = 1;
  bool is_paused = false;  // because somebody's side asked for it
  std::string kept;        // of whoever speaks SIP

  SessionLeg* leg(std::string_view label);  // nothing: no such one
  const SessionLeg* leg(std::string_view label) const;
  SessionPerson* person(std::string_view ref);
  const SessionPerson* person(std::string_view ref) const;
};

std::string to_json(const SessionState& state);
// Errc::corrupt.
Result<SessionState> session_state_from(std::string_view json);

}  // namespace assent
