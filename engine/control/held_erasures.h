// HeldErasures: begins what waited for a hold (hold_queue.h), when none covers it any more.
//
// An erasure that cannot begin yet, because a call it is about is in progress, waits on. One thread at a time: the
// retention's. Errors: the catalog's, and those of the erasures; what one meets keeps no other from beginning.
#pragma once

#include <functional>
#include <string>

#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/key_ring.h"
#include "engine/control/erasures.h"
#include "engine/control/hold_queue.h"
#include "engine/control/person_erasures.h"
#include "engine/control/withdrawals.h"

namespace assent {

class HeldErasures {
 public:
  struct Parts {  // outlive it
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    HoldQueue& queue;
    Erasures& recordings;
    PersonErasures& people;
    std::function<void(ErasureId, CallId)> begin_erasure;  // of legs; never blocks, twice is once
    std::function<void(const std::string&)> report;        // what went wrong, for the log
    std::function<Now()> clock = read_clocks;
  };
  explicit HeldErasures(Parts parts) : parts_(std::move(parts)) {}

  // Whether some that no hold covers wait on, for what has to be asked again.
  Result<bool> begin_free();

 private:
  Result<void> begin_if_free(ErasureId id);
  Result<void> begin(ErasureRow row);
  Result<void> begin_legs(const ErasureRow& row);

  Parts parts_;
};

// The consents that an erasure is about, taken back wherever they count; what was kept is the erasure's own to destroy.
Result<void> withdraw_for_erasure(Catalog& catalog, Withdrawals& withdrawals, const ErasureRow& row,
                                  const Caller& caller);

}  // namespace assent
