#include "engine/catalog/destroyed.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/bytes.h"

namespace assent {
namespace {

using nlohmann::json;

std::string plural_name_of(std::size_t kind) {
  return std::string(assent::plural_name_of(static_cast<DestroyedKind>(kind)));
}

std::optional<DestroyedTotal> parse_total(const json& object) {
  DestroyedTotal total;
  const auto count = object.find("count");
  const auto digest = object.find("sha256");
  if (count == object.end() || !count->is_number_unsigned() || digest == object.end() || !digest->is_string()) {
    return std::nullopt;
  }
  total.count = count->get<std::uint64_t>();
  const auto bytes = from_hex(digest->get_ref<const std::string&>());
  if (!bytes || bytes->size() != total.sha256.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), total.sha256.begin());
  if (const auto ids = object.find("ids"); ids != object.end()) {
    if (!ids->is_array()) return std::nullopt;
    total.ids.emplace();
    for (const json& id : *ids) {
      if (!id.is_string()) return std::nullopt;
      total.ids->push_back(id.get<std::string>());
    }
  }
  return total;
}

}  // namespace

std::string_view plural_name_of(DestroyedKind kind) {
  switch (kind) {
    case DestroyedKind::call: return "calls";
    case DestroyedKind::key: return "keys";
    case DestroyedKind::leg: return "legs";
    case DestroyedKind::participant: return "participants";
    case DestroyedKind::person: return "people";
    case DestroyedKind::recording: return "recordings";
  }
  return "unknown";
}

void Destroyed::add(const Destroyed& others) {
  for (std::size_t kind = 0; kind < kDestroyedKinds; ++kind) {
    ids_[kind].insert(ids_[kind].end(), others.ids_[kind].begin(), others.ids_[kind].end());
  }
}

bool Destroyed::add(const json& object) {
  if (!object.is_object()) return false;
  for (std::size_t kind = 0; kind < kDestroyedKinds; ++kind) {
    const auto list = object.find(plural_name_of(kind));
    if (list == object.end()) continue;
    if (!list->is_array()) return false;
    for (const json& text : *list) {
      const auto id = text.is_string() ? detail::parse_uuid(text.get_ref<const std::string&>()) : std::nullopt;
      if (!id) return false;
      ids_[kind].push_back(*id);
    }
  }
  return true;
}

bool Destroyed::empty() const {
  return std::all_of(ids_.begin(), ids_.end(), [](const auto& ids) { return ids.empty(); });
}

std::vector<Destroyed::Uuid> Destroyed::sorted(std::vector<Uuid> ids) {
  std::sort(ids.begin(), ids.end());  // as their texts would
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

json Destroyed::to_json() const {
  json object = json::object();
  for (std::size_t kind = 0; kind < kDestroyedKinds; ++kind) {
    if (ids_[kind].empty()) continue;
    json& list = object[plural_name_of(kind)] = json::array();
    for (const Uuid& id : sorted(ids_[kind])) list.push_back(detail::uuid_text(id));
  }
  return object;
}

DestroyedTotals Destroyed::totals(std::size_t ids_at_most) const {
  DestroyedTotals totals;
  std::array<std::vector<Uuid>, kDestroyedKinds> all;
  std::size_t count = 0;
  for (std::size_t kind = 0; kind < kDestroyedKinds; ++kind) {
    all[kind] = sorted(ids_[kind]);
    count += all[kind].size();
  }
  for (std::size_t kind = 0; kind < kDestroyedKinds; ++kind) {
    DestroyedTotal& total = totals[kind];
    total.count = all[kind].size();
    if (count <= ids_at_most) total.ids.emplace();
    Sha256 digest;
    for (const Uuid& id : all[kind]) {
      const std::string text = detail::uuid_text(id);
      digest.update(bytes_of(text + "\n"));
      if (total.ids) total.ids->push_back(text);
    }
    total.sha256 = digest.finish();
  }
  return totals;
}

json json_of(const DestroyedTotals& totals) {
  json object = json::object();
  for (std::size_t kind = 0; kind < kDestroyedKinds; ++kind) {
    json one{{"count", totals[kind].count}, {"sha256", to_hex(totals[kind].sha256)}};
    if (totals[kind].ids) one["ids"] = *totals[kind].ids;
    object[plural_name_of(kind)] = std::move(one);
  }
  return object;
}

std::optional<DestroyedTotals> parse_destroyed_totals(const json& object) {
  DestroyedTotals totals;
  for (std::size_t kind = 0; kind < kDestroyedKinds; ++kind) {
    const auto one = object.find(plural_name_of(kind));
    auto total = one == object.end() ? std::nullopt : parse_total(*one);
    if (!total) return std::nullopt;
    totals[kind] = *std::move(total);
  }
  return totals;
}

}  // namespace assent
