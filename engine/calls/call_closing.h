// CallClosing: what is booked of a call when it is over, or left off until the next start: how its recording ended,
// what is missing of it, and what its legs were like. Of a leg of which something was kept that is sealed under the
// leg's key; of any other only how much was heard and wiped, in the clear, for the receipt that says so.
//
// It reads keys and legs, and books nothing itself. Any thread that may wait for the catalog. Errors: those of the
// catalog and of the key ring.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/key_ring.h"
#include "engine/shard/shard.h"

namespace assent {

struct CallEnd {
  WallTime at;
  CallState state = CallState::ended;
  Result<void> settled;     // whether all that was sealed could be stored
  std::string lost_before;  // what a restart in its middle cost its recording (lost_audio.h)
};

class CallClosing {
 public:
  CallClosing(Catalog& catalog, KeyRing& keys) : catalog_(catalog), keys_(keys) {}  // outlive it

  Result<std::vector<Booking>> bookings(const FinishedCall& finished, const CallEnd& end);
  // Why the recording is not whole; empty when it is.
  static std::string fault_of(const FinishedCall& finished, const Result<void>& settled);

 private:
  Result<void> close_legs(const FinishedCall& finished, std::vector<Booking>& bookings);

  Catalog& catalog_;
  KeyRing& keys_;
};

}  // namespace assent
