// Who is in a call that goes through rtpengine, by what it says of the call ("query" of its protocol NG): a leg for
// each that it has from the proxy, and a participant, who is one that was named already, or somebody new.
//
// Others than the call's parties have tags in it, too: subscriptions, ours among them. Those have only what is sent to
// them, and are left out. Any thread; asking blocks as NgClient does, the rest is pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "engine/control/call_service.h"
#include "engine/signalling/ng_client.h"

namespace assent {

// A party of the call.
struct RtpengineParty {
  std::string tag;
  std::string label;  // that the proxy gave them ("label" of its offer or answer); or ""
};

// Of an answer to "query". In the order of their tags.
std::vector<RtpengineParty> parties_of(const Bencode& answer);
// Errors as NgClient's.
Result<std::vector<RtpengineParty>> ask_for_parties(NgClient& ng, const Endpoint& control, const std::string& call_id);

// What is to be added to a call for them.
struct PartyLegs {
  std::vector<ParticipantSpec> participants;  // who is not among those that are there
  std::vector<LegSpec> legs;
};
// Who is there already.
struct KnownParties {
  std::set<std::string> refs;
  std::set<std::string> heard;   // of these, who have a leg
  std::set<std::string> labels;  // of legs
};
// A party is the participant whose ref is the label that the proxy gave them, or, of those whose tags were named, their
// tag: a tag is the telephone's own to choose, and must not make it somebody else. Who has a leg is nobody's else.
// Whoever is left joins, as kPartyRole, under their label or tag, or that with a number where somebody has it.
// They are there then, too.
inline constexpr const char* kPartyRole = "party";
PartyLegs legs_for(const std::vector<RtpengineParty>& parties, const RtpengineCall& call, KnownParties& there);

}  // namespace assent
