#include "engine/catalog/leg_erasure.h"

#include <nlohmann/json.hpp>

namespace assent {

void start_leg_erasure(const LegErasureStart& start, WallTime now, std::vector<Booking>& bookings) {
  const nlohmann::json steps = {{{"at", to_rfc3339(now)}, {"step", "keys"}, {"what", "keys of the legs destroyed"}}};
  booking::StartErasure begun{
      {start.id, std::string(kLegErasureKind), to_text(start.call), now, std::nullopt, steps.dump()}};
  constexpr std::string_view kPart = "erasure:";
  if (start.by.starts_with(kPart)) begun.part_of = parse_id<ErasureId>(start.by.substr(kPart.size()));
  const nlohmann::json destroyed = start.destroyed.to_json();
  for (const auto& leg : destroyed.value(plural_name_of(DestroyedKind::leg), nlohmann::json::array())) {
    if (const auto id = parse_id<LegId>(leg.get<std::string>())) begun.legs.push_back(*id);
  }
  bookings.emplace_back(std::move(begun));
  const nlohmann::json body = {
      {"by", start.by}, {"destroyed", destroyed}, {"erasure", to_text(start.id)}, {"step", "keys"}};
  bookings.emplace_back(booking::AddLedger{{LedgerKind::erasure_step, now, start.call, body.dump()}});
}

}  // namespace assent
