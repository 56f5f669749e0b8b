// The right to hear: which legs of a call may be used for a purpose now, from the consent records alone.
//
// The same policy function that opens the live gate decides (engine/consent/policy.h), on what stands on record at the
// moment of the question: who has withdrawn since, has been refused, or agreed for a time that is over, is not heard.
// Pure; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/consent/policy.h"

namespace assent {

struct HearingQuestion {
  std::string_view purpose;
  Policy policy = Policy::all_party;
  WallTime created;  // of the call
  WallTime now;
};

// One answer for each leg, in their order. `consents` is oldest first. Somebody who has no record for the purpose has
// not consented to it. Two kinds of people do not count for the legs of others, as in the live call: who left without
// an answer; and who came later than the call and never agreed to anything, since while they were there nothing was
// recorded that needs their consent.
std::vector<bool> legs_open_for(const HearingQuestion& question, std::span<const ParticipantRow> participants,
                                std::span<const LegRow> legs, std::span<const ConsentRow> consents);

// Grants for the purpose that count no longer because their time is over, and that no later record says so of.
std::vector<ConsentRow> lapsed_grants(const HearingQuestion& question, std::span<const ConsentRow> consents);

}  // namespace assent
