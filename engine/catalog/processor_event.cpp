#include "engine/catalog/processor_event.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/catalog/leg_erasure.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kErasurePrefix = "erasure.";

template <typename IdType>
void add_ids(Json& body, const char* one, const char* several, const std::vector<IdType>& ids) {
  if (ids.size() == 1) body[one] = to_text(ids.front());
  if (ids.size() < 2) return;
  Json list = Json::array();
  for (const IdType& id : ids) list.push_back(to_text(id));
  body[several] = std::move(list);
}

}  // namespace

std::optional<std::string_view> event_of_decision(std::string_view decision, std::string_view before) {
  if (decision == "granted") return "consent.granted";
  if (before != "granted") return std::nullopt;
  return decision == "expired" ? "consent.expired" : "consent.withdrawn";
}

std::optional<std::string_view> event_of_erasure(const booking::StartErasure& start) {
  if (start.part_of) return std::nullopt;
  const std::string& kind = start.row.target_kind;
  if (kind == "recording") return "erasure.recording";
  if (kind == kLegErasureKind) return "erasure.participant";
  if (kind == "subject") return "erasure.subject";
  if (kind == "tenant") return "erasure.tenant";
  return std::nullopt;
}

bool is_erasure(std::string_view event_kind) { return event_kind.starts_with(kErasurePrefix); }

bool is_fed_by(const ProcessorRow& processor, std::string_view purpose) {
  const auto purposes = nlohmann::json::parse(processor.purposes_json, nullptr, false);
  return purposes.is_array() && std::find(purposes.begin(), purposes.end(), purpose) != purposes.end();
}

std::string body_of(const ProcessorEvent& event) {
  Json body = {
      {"id", to_text(event.id)}, {"kind", event.kind}, {"at", to_rfc3339(event.at)}, {"tenant", to_text(event.tenant)}};
  if (event.call) body["call"] = to_text(*event.call);
  add_ids(body, "participant", "participants", event.participants);
  add_ids(body, "subject", "subjects", event.subjects);
  add_ids(body, "leg", "legs", event.legs);
  if (event.recording) body["recording"] = to_text(*event.recording);
  if (!event.purposes.empty()) body["purposes"] = event.purposes;
  if (event.valid_until) body["valid_until"] = to_rfc3339(*event.valid_until);
  if (event.scope) body["erasure_scope"] = name_of(*event.scope);
  if (event.erasure) body["erasure"] = to_text(*event.erasure);
  return body.dump();
}

LedgerEntry processor_entry(const ProcessorRow& row, std::string_view change, WallTime at) {
  const Json body = {{"change", change},
                     {"host", row.host},
                     {"processor", row.name},
                     {"purposes", Json::parse(row.purposes_json, nullptr, false)}};
  return {LedgerKind::processor, at, std::nullopt, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

}  // namespace assent
