#include "engine/catalog/erasure_record.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/limits.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr const char* kLedgerPlace = "ledger_after";
constexpr const char* kClosing = "closing";

std::string target_name(const std::string& kind) { return kind == kEpochKind ? "old_epoch" : kind; }

Result<void> note_place_in_last_step(Catalog& catalog, ErasureRow& row) {
  const auto seq = catalog.last_seq();
  if (!seq) return seq.error();
  json steps = json::parse(row.steps_json, nullptr, false);
  if (!steps.is_array() || steps.empty()) return error(Errc::invalid, "an erasure without a step");
  steps.back()[kLedgerPlace] = *seq;
  row.steps_json = steps.dump();
  return {};
}

bool is_of_erasures(const LedgerRow& row) {
  return row.kind == name_of(LedgerKind::erasure_step) || row.kind == name_of(LedgerKind::erasure_done) ||
         row.kind == name_of(LedgerKind::rotation);
}

// Until `take` says that it has seen enough.
Result<void> read_entries(Catalog& catalog, LedgerFilter filter,
                          const std::function<bool(const LedgerRow&, const json& body)>& take) {
  filter.limit = limits::kCatalogListRows;
  for (;;) {
    const auto rows = catalog.ledger(filter);
    if (!rows) return rows.error();
    for (const LedgerRow& row : *rows) {
      filter.after_seq = row.seq;
      if (!is_of_erasures(row)) continue;
      const json body = json::parse(row.body_json, nullptr, false);
      if (body.is_object() && !take(row, body)) return {};
    }
    if (rows->size() < filter.limit) return {};
  }
}

// Of a member that is there and is one.
std::string text_in(const json& object, const char* name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

std::uint64_t number_in(const json& object, const char* name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  return member != object.end() && member->is_number_unsigned() ? member->get<std::uint64_t>() : 0;
}

json list_in(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_array() ? *member : json::array();
}

std::uint64_t place_in(const json& steps, std::size_t step) {
  return steps.is_array() && step < steps.size() ? number_in(steps[step], kLedgerPlace) : 0;
}

struct Sum {
  bool is_known = false;                 // the entry with which it began says what it destroyed
  std::optional<std::uint64_t> damaged;  // an entry that does not say it as it should
  std::string by;
  std::uint64_t from_seq = 0;
  Destroyed destroyed;
  std::size_t objects = 0;
  std::set<std::string> parts;  // erasures that it began
};

void add_entry(const std::string& erasure, const LedgerRow& row, const json& body, Sum& sum) {
  const std::string of = text_in(body, "erasure");
  if (of != erasure) {
    if (row.kind == name_of(LedgerKind::erasure_done) && sum.parts.contains(of)) {
      sum.objects += number_in(body, "objects");
    }
    return;
  }
  if (sum.from_seq == 0) sum.from_seq = row.seq;
  if (body.contains("part")) sum.parts.insert(text_in(body, "part"));
  const auto destroyed = body.find("destroyed");
  if (destroyed == body.end()) return;
  if (!sum.destroyed.add(*destroyed)) sum.damaged = row.seq;
  if (!body.contains("by")) return;
  sum.is_known = true;
  sum.by = text_in(body, "by");
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

json json_of(const std::vector<ErasureConfirmation>& confirmed) {
  json all = json::array();
  for (const auto& one : confirmed) all.push_back({{"at", to_rfc3339(one.at)}, {"by", one.by}});
  return all;
}

json json_of(const std::vector<DeliveryRow>& told) {
  json all = json::array();
  for (const DeliveryRow& row : told) {
    json one{{"at", to_rfc3339(row.settled.value_or(row.created))}, {"name", row.processor}};
    if (row.state == DeliveryState::waived) one["waived"] = row.last_error;
    all.push_back(std::move(one));
  }
  return all;
}

// The last step says whom it waits for, and has what closing it takes.
Result<ErasureRow> await_processors(const ErasureClosing& closing, const std::vector<std::string>& open,
                                    std::vector<Booking>& bookings) {
  ErasureRow row = closing.row;
  json steps = json::parse(row.steps_json, nullptr, false);
  if (!steps.is_array() || steps.empty()) return error(Errc::invalid, "an erasure without a step");
  json kept{{"confirmed", json_of(closing.confirmed)}, {"objects", closing.objects}};
  if (closing.call) kept["call"] = to_text(*closing.call);
  if (text_in(steps.back(), "step") == "done") {
    kept["what"] = text_in(steps.back(), "what");
    steps.erase(steps.size() - 1);
  }
  steps.push_back({{"at", to_rfc3339(row.done.value_or(row.requested))},
                   {"step", "processors"},
                   {"what", "everything here is destroyed; not confirmed by " + joined(open)},
                   {kClosing, std::move(kept)}});
  row.steps_json = steps.dump();
  row.done.reset();
  bookings.emplace_back(booking::AwaitProcessors{row.id, row.steps_json});
  return row;
}

std::vector<std::string> not_settled(const std::vector<DeliveryRow>& told) {
  std::vector<std::string> open;
  for (const DeliveryRow& row : told) {
    if (!is_settled(row.state)) open.push_back(row.processor);
  }
  return open;
}

json steps_json(const ErasureRow& row) {
  json steps = json::array();
  const json all = json::parse(row.steps_json, nullptr, false);
  if (!all.is_array()) return steps;
  for (const json& step : all) {
    if (step.is_object()) steps.push_back({{"at", text_in(step, "at")}, {"step", text_in(step, "step")}});
  }
  return steps;
}

std::optional<ErasureRecord> record_in(const ErasureRow& row, const LedgerRow& entry, const json& body) {
  ErasureRecord record;
  record.id = row.id;
  record.target_kind = row.target_kind;
  record.target_id = row.target_id;
  const auto requested = parse_rfc3339(text_in(body, "requested"));
  auto destroyed = parse_destroyed_totals(body.value("destroyed", json::object()));
  if (!requested || !destroyed) return std::nullopt;
  if (text_in(body, target_name(row.target_kind).c_str()) != row.target_id) return std::nullopt;
  record.requested = *requested;
  record.by = text_in(body, "by");
  record.done = entry.at;
  record.destroyed = *std::move(destroyed);
  record.objects = number_in(body, "objects");
  record.from_seq = number_in(body, "from_seq");
  record.seq = entry.seq;
  record.hash = entry.hash;
  for (const json& step : list_in(body, "steps")) {
    const auto at = parse_rfc3339(text_in(step, "at"));
    if (!at) return std::nullopt;
    record.steps.emplace_back(text_in(step, "step"), *at);
  }
  for (const json& one : list_in(body, "confirmed")) {
    const auto at = parse_rfc3339(text_in(one, "at"));
    if (!at) return std::nullopt;
    record.confirmed.push_back({text_in(one, "by"), *at});
  }
  for (const json& one : list_in(body, "processors")) {
    const auto at = parse_rfc3339(text_in(one, "at"));
    if (!at) return std::nullopt;
    record.processors.push_back({text_in(one, "name"), *at, text_in(one, "waived")});
  }
  return record;
}

}  // namespace

Result<void> note_ledger_place(Catalog& catalog, ErasureRow& row) { return note_place_in_last_step(catalog, row); }

Result<ErasureRow> close_erasure(Catalog& catalog, const ErasureClosing& closing, std::vector<Booking>& bookings) {
  ErasureRow row = closing.row;
  const auto told = catalog.deliveries_of(row.id);
  if (!told) return told.error();
  if (const auto open = not_settled(*told); !open.empty()) return await_processors(closing, open, bookings);
  const std::string erasure = to_text(row.id);
  const WallTime done = row.done.value_or(row.requested);
  Sum sum;
  sum.objects = closing.objects;
  const json steps = json::parse(row.steps_json, nullptr, false);
  auto read =
      read_entries(catalog, {closing.call, std::nullopt, place_in(steps, 0)}, [&](const auto& entry, auto& body) {
        add_entry(erasure, entry, body, sum);
        return true;
      });
  if (!read) return read.error();
  if (sum.damaged) return error(Errc::corrupt, "the ledger's record " + std::to_string(*sum.damaged) + " names no ids");
  json body{{"erasure", erasure}, {target_name(row.target_kind), row.target_id}, {"step", "done"}};
  if (closing.root) body["root"] = to_text(*closing.root);
  body["objects"] = sum.objects;
  if (sum.is_known) {
    body["by"] = sum.by;
    body["requested"] = to_rfc3339(row.requested);
    body["steps"] = steps_json(row);
    body["confirmed"] = json_of(closing.confirmed);
    body["processors"] = json_of(*told);
    body["from_seq"] = sum.from_seq;
    body["destroyed"] = json_of(sum.destroyed.totals(limits::kReceiptIds));
  }
  if (auto noted = note_place_in_last_step(catalog, row); !noted) return noted.error();
  row.done = done;
  const LedgerKind kind = row.target_kind == kEpochKind ? LedgerKind::rotation : LedgerKind::erasure_done;
  bookings.emplace_back(booking::UpdateErasure{row.id, row.steps_json, done});
  bookings.emplace_back(booking::AddLedger{{kind, done, closing.call, body.dump()}});
  return row;
}

Result<bool> complete_erasure(Catalog& catalog, const ErasureRow& row, WallTime now, std::vector<Booking>& bookings) {
  const auto told = catalog.deliveries_of(row.id);
  if (!told) return told.error();
  if (!not_settled(*told).empty()) return false;
  json steps = json::parse(row.steps_json, nullptr, false);
  const Error damaged = error(Errc::corrupt, "the erasure " + to_text(row.id) + " does not say how it is closed");
  if (!steps.is_array() || steps.empty() || !steps.back().is_object() || !steps.back().contains(kClosing)) {
    return damaged;
  }
  const json kept = steps.back()[kClosing];
  steps.back() = {{"at", to_rfc3339(now)},
                  {"step", "processors"},
                  {"what", std::to_string(told->size()) + " told, none is waited for any more"}};
  if (kept.contains("what")) {
    steps.push_back({{"at", to_rfc3339(now)}, {"step", "done"}, {"what", text_in(kept, "what")}});
  }
  ErasureClosing closing{row, parse_id<CallId>(text_in(kept, "call")), {}, number_in(kept, "objects")};
  closing.row.steps_json = steps.dump();
  closing.row.done = now;
  for (const json& one : list_in(kept, "confirmed")) {
    const auto at = parse_rfc3339(text_in(one, "at"));
    if (!at) return damaged;
    closing.confirmed.push_back({text_in(one, "by"), *at});
  }
  const auto closed = close_erasure(catalog, closing, bookings);
  if (!closed) return closed.error();
  return closed->done.has_value();
}

Result<std::optional<ErasureRecord>> erasure_record(Catalog& catalog, const ErasureRow& row) {
  using Record = std::optional<ErasureRecord>;
  const json steps = json::parse(row.steps_json, nullptr, false);
  const bool has_place =
      steps.is_array() && !steps.empty() && steps.back().is_object() && steps.back().contains(kLedgerPlace);
  if (!row.done || !has_place) return Record();
  const std::string erasure = to_text(row.id);
  bool found = false;
  bool is_known = false;
  Record record;
  const LedgerFilter filter{std::nullopt, std::nullopt, place_in(steps, steps.size() - 1)};
  const auto read = read_entries(catalog, filter, [&](const LedgerRow& entry, const json& body) {
    if (text_in(body, "erasure") != erasure || text_in(body, "step") != "done") return true;
    found = true;
    is_known = body.contains("destroyed");
    if (is_known) record = record_in(row, entry, body);
    return false;
  });
  if (!read) return read.error();
  if (!found || (is_known && !record)) {
    return error(Errc::corrupt, "the ledger does not say that the erasure " + erasure + " is done");
  }
  return record;
}

}  // namespace assent
