#include "engine/catalog/leg_erasure.h"

#include <nlohmann/json.hpp>

namespace assent {

void start_leg_erasure(const LegErasureStart& start, WallTime now, std::vector<Booking>& bookings) {
  const nlohmann::json steps = {{{"at", to_rfc3339(now)}, {"step", "keys"}, {"what", "keys of the legs destroyed"}}};
  bookings.emplace_back(booking::StartErasure{
      {start.id, std::string(kLegErasureKind), to_text(start.call), now, std::nullopt, steps.dump()}});
  const nlohmann::json body = {
      {"by", start.by}, {"destroyed", start.destroyed.to_json()}, {"erasure", to_text(start.id)}, {"step", "keys"}};
  bookings.emplace_back(booking::AddLedger{{LedgerKind::erasure_step, now, start.call, body.dump()}});
}

}  // namespace assent
