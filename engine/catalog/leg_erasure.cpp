#include "engine/catalog/leg_erasure.h"

#include <nlohmann/json.hpp>

namespace assent {

void start_leg_erasure(ErasureId id, CallId call, std::span<const LegId> legs, WallTime now,
                       std::vector<Booking>& bookings) {
  nlohmann::json names = nlohmann::json::array();
  for (const LegId leg : legs) names.push_back(to_text(leg));
  const nlohmann::json steps = {{{"at", to_rfc3339(now)}, {"step", "keys"}, {"what", "keys of the legs destroyed"}}};
  bookings.emplace_back(
      booking::StartErasure{{id, std::string(kLegErasureKind), to_text(call), now, std::nullopt, steps.dump()}});
  const nlohmann::json body = {{"erasure", to_text(id)}, {"legs", std::move(names)}, {"step", "keys"}};
  bookings.emplace_back(booking::AddLedger{{LedgerKind::erasure_step, now, call, body.dump()}});
}

}  // namespace assent
