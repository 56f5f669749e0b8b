// What is booked when a withdrawal erases legs of a call (booking::EraseLegs): the keys destroyed, the erasure, open
// until their bytes are gone, and its ledger entry. While a hold covers the call the erasure waits, on record with what
// it needs to begin later. Pure; any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog.h"

namespace assent {

// How the catalog names such an erasure; its target is the call.
inline constexpr std::string_view kLegErasureKind = "legs";

std::vector<Booking> leg_erasure_bookings(const booking::EraseLegs& erase);
std::vector<Booking> held_leg_erasure_bookings(const booking::EraseLegs& erase, const HoldRow& hold);
// What waited begins; `erase` says what there is to destroy now.
std::vector<Booking> begin_held_leg_erasure(const booking::EraseLegs& erase, const ErasureRow& row);

// Who asked for one that waits, and whose legs are meant.
struct LegErasureRequest {
  std::string by;  // a token's id, or "leg:<id>"
  std::set<ParticipantId> who;
};
LegErasureRequest request_in(const ErasureRow& row);

}  // namespace assent
