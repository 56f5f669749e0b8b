// What there is left of a call for an erasure to destroy, for its entry on the ledger: what has been destroyed before
// is not counted again. Reads the catalog; whoever books the erasure sees to it that nothing of it changes until then.
// Any thread. Errors are the catalog's.
#pragma once

#include <span>

#include "engine/catalog/catalog.h"
#include "engine/catalog/destroyed.h"

namespace assent {

// The legs whose keys stand, and these keys.
Result<void> add_legs(Catalog& catalog, std::span<const LegRow> legs, Destroyed& destroyed);
// The participants of whom the call says something, and the keys of that.
Result<void> add_participants(Catalog& catalog, std::span<const ParticipantRow> participants, Destroyed& destroyed);
// The call as a whole, and its key, if that stands.
Result<void> add_call(Catalog& catalog, const CallRow& call, Destroyed& destroyed);

}  // namespace assent
