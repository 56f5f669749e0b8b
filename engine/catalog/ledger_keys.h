// The ledger's key among the others: where its seal comes from, and how it changes.
//
// The key hangs under the epoch key, wrapped like the rest; the public part stands on the ledger itself. Errors: the
// catalog's and the key ring's; Errc::not_found when the key that sealed the ledger is gone.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/ledger_seal.h"

namespace assent {

// The seal of the newest key on record; null when there is none yet.
Result<std::shared_ptr<const LedgerSeal>> open_ledger_seal(Catalog& catalog, KeyRing& keys);

// Appends what makes a key and puts it in use. The key before it, if there was one, is destroyed with it: what it
// signed is checked by its public part.
Result<std::shared_ptr<const LedgerSeal>> start_ledger_key(KeyRing& keys, const OpenKey& epoch,
                                                           const std::shared_ptr<const LedgerSeal>& before, WallTime at,
                                                           std::vector<Booking>& bookings);

}  // namespace assent
