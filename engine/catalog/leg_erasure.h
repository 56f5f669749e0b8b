// What is booked when a withdrawal erases legs of a call: the erasure, open until their bytes are gone, and its ledger
// entry. The keys are the caller's to destroy, with DestroyKey in the same span. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/catalog/destroyed.h"

namespace assent {

// How the catalog names such an erasure; its target is the call.
inline constexpr std::string_view kLegErasureKind = "legs";

struct LegErasureStart {
  ErasureId id;
  CallId call;
  std::string by;  // whose word it is: a token's id, or "leg:<id>"; "erasure:<id>", of which it is a part then
  Destroyed destroyed;
};
void start_leg_erasure(const LegErasureStart& start, WallTime now, std::vector<Booking>& bookings);

}  // namespace assent
