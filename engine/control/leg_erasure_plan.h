// How the legs of people are erased from a call that is over: which keys go, whether anything is left of the recording,
// and what is booked for it. Whoever withdraws takes all of an all-party call, which was one recording of everybody,
// and otherwise their own legs; what an erasure takes is a setting (ErasureScope), and by default the same, but for
// those whose consent is on file by their role.
//
// Reads the catalog; whoever books this sees to it that nothing of it changes until then. Any thread.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/catalog/destroyed.h"

namespace assent {

struct LegErasurePlan {
  std::optional<booking::EraseLegs> erase;  // none: there is nothing to erase. Its keys are to be evicted, once booked
  Destroyed what;                           // as the ledger says it
};

// `by` is whose word it is, for the ledger. What waits while a hold covers the call books EraseLegs; what has begun
// before, leg_erasure_bookings.
Result<LegErasurePlan> plan_leg_erasure(Catalog& catalog, const CallRow& call, ErasureScope scope,
                                        const std::set<ParticipantId>& who, const std::string& by, WallTime now);

// What the erasure of these participants, under way or done, takes of the call.
Result<ErasureScope> erasure_scope(Catalog& catalog, const CallRow& call, std::span<const ParticipantRow> participants,
                                   const std::set<ParticipantId>& who);

}  // namespace assent
