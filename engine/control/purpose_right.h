// The right to hear: which legs of a call may be used for a purpose now, from the consent records alone.
//
// The same policy function that opens the live gate decides (engine/consent/policy.h), on what stands on record at the
// moment of the question: who has withdrawn since, or has been refused, is not heard. Pure; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/consent/policy.h"

namespace assent {

// One answer for each leg, in their order. `consents` is oldest first. Somebody who has no record for the purpose has
// not consented to it; who left the call without an answer does not count, as in the live call.
std::vector<bool> legs_open_for(std::string_view purpose, Policy policy, std::span<const ParticipantRow> participants,
                                std::span<const LegRow> legs, std::span<const ConsentRow> consents);

}  // namespace assent
