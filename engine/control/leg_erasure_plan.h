// How the legs of people are erased from a call that is over: which keys go, whether anything is left of the recording,
// and what is booked for it. Under all-party it was one recording of everybody, and one of them takes it all; otherwise
// each takes their own legs.
//
// Reads the catalog; whoever books this sees to it that nothing of it changes until then. Any thread.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "engine/catalog/catalog.h"

namespace assent {

struct LegErasurePlan {
  std::optional<ErasureId> erasure;  // none: there is nothing to erase
  std::vector<KeyId> destroyed;      // to be evicted once it is booked
};

Result<LegErasurePlan> plan_leg_erasure(Catalog& catalog, const CallRow& call, const std::set<ParticipantId>& who,
                                        WallTime now, std::vector<Booking>& bookings);

}  // namespace assent
