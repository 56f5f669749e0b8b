#include "engine/catalog/leg_erasure.h"

#include <nlohmann/json.hpp>

#include "engine/catalog/destroyed.h"
#include "engine/catalog/hold_text.h"

namespace assent {
namespace {

using nlohmann::json;

json step(WallTime at, const char* name, const std::string& what) {
  return {{"at", to_rfc3339(at)}, {"step", name}, {"what", what}};
}

Booking ledger_booking(const booking::EraseLegs& erase, WallTime at, json body) {
  body["by"] = erase.by;
  body["erasure"] = to_text(erase.id);
  return booking::AddLedger{{LedgerKind::erasure_step, at, erase.call, body.dump()}};
}

std::vector<LegId> legs_in(const booking::EraseLegs& erase) {
  std::vector<LegId> legs;
  const json destroyed = json::parse(erase.destroyed_json);
  for (const json& leg : destroyed.value(plural_name_of(DestroyedKind::leg), json::array())) {
    if (const auto id = parse_id<LegId>(leg.get<std::string>())) legs.push_back(*id);
  }
  return legs;
}

// The erasure that this one is a part of, which it names as whose word it is.
std::optional<ErasureId> whole_of(const booking::EraseLegs& erase) {
  constexpr std::string_view kPart = "erasure:";
  if (!erase.by.starts_with(kPart)) return std::nullopt;
  return parse_id<ErasureId>(std::string_view(erase.by).substr(kPart.size()));
}

void destroy(const booking::EraseLegs& erase, WallTime at, std::vector<Booking>& bookings) {
  for (const LegId leg : legs_in(erase)) bookings.emplace_back(booking::SetLegMetrics{leg, {}});
  for (const KeyId key : erase.keys) bookings.emplace_back(booking::DestroyKey{key});
  if (erase.recording) bookings.emplace_back(booking::EraseRecording{*erase.recording, at});
}

constexpr const char* kKeysText = "keys of the legs destroyed";

}  // namespace

std::vector<Booking> leg_erasure_bookings(const booking::EraseLegs& erase) {
  std::vector<Booking> bookings;
  destroy(erase, erase.at, bookings);
  const json steps = json::array({step(erase.at, "keys", kKeysText)});
  bookings.emplace_back(booking::StartErasure{
      {erase.id, std::string(kLegErasureKind), to_text(erase.call), erase.at, std::nullopt, steps.dump()},
      whole_of(erase),
      legs_in(erase)});
  bookings.push_back(
      ledger_booking(erase, erase.at, {{"destroyed", json::parse(erase.destroyed_json)}, {"step", "keys"}}));
  return bookings;
}

std::vector<Booking> held_leg_erasure_bookings(const booking::EraseLegs& erase, const HoldRow& hold) {
  json who = json::array();
  for (const ParticipantId one : erase.who) who.push_back(to_text(one));
  json requested = step(erase.at, "requested", "consents are withdrawn");
  requested["by"] = erase.by;
  requested["who"] = std::move(who);
  const json steps = json::array({std::move(requested), step(erase.at, "held", hold_text(hold))});
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::StartErasure{
      {erase.id, std::string(kLegErasureKind), to_text(erase.call), erase.at, std::nullopt, steps.dump(), true}});
  bookings.push_back(ledger_booking(erase, erase.at, {{"hold", to_text(hold.id)}, {"step", "held"}}));
  return bookings;
}

std::vector<Booking> begin_held_leg_erasure(const booking::EraseLegs& erase, const ErasureRow& row) {
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::RequireNoHold{HoldTarget::call, erase.call.bytes});
  json steps = json::parse(row.steps_json, nullptr, false);
  if (!steps.is_array()) steps = json::array();
  steps.push_back(step(erase.at, "keys", erase.keys.empty() ? "no key was left" : kKeysText));
  bookings.emplace_back(booking::BeginHeldErasure{row.id, steps.dump(), legs_in(erase)});
  destroy(erase, erase.at, bookings);
  bookings.push_back(
      ledger_booking(erase, erase.at, {{"destroyed", json::parse(erase.destroyed_json)}, {"step", "keys"}}));
  return bookings;
}

LegErasureRequest request_in(const ErasureRow& row) {
  LegErasureRequest request;
  const json steps = json::parse(row.steps_json, nullptr, false);
  if (!steps.is_array() || steps.empty() || !steps[0].is_object()) return request;
  request.by = steps[0].value("by", "");
  for (const json& one : steps[0].value("who", json::array())) {
    const auto id = one.is_string() ? parse_id<ParticipantId>(one.get<std::string>()) : std::nullopt;
    if (id) request.who.insert(*id);
  }
  return request;
}

}  // namespace assent
