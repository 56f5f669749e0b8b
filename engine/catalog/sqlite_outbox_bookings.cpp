// The outbox: what processors have to be told is booked with what it tells of, in one transaction (processor_event.h).
// Who the processors are is read once a transaction, and only when it has something to tell; without any, that one read
// of an empty table is all.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/catalog/leg_erasure.h"
#include "engine/catalog/sqlite_bookings.h"

namespace assent {
namespace {

using nlohmann::json;

Result<void> read_processor(SqliteStatement& from, ProcessorRow& row) {
  return from.read(row.name, row.purposes_json, row.host, row.since, row.removed);
}

template <typename IdType>
Result<void> read_id(SqliteStatement& from, IdType& id) {
  return from.read(id);
}

std::vector<std::string> names_of(const std::vector<ProcessorRow>& rows) {
  std::vector<std::string> names;
  for (const ProcessorRow& row : rows) names.push_back(row.name);
  return names;
}

template <typename IdType>
std::optional<IdType> only(const std::vector<IdType>& ids) {
  return ids.size() == 1 ? std::optional(ids.front()) : std::nullopt;
}

}  // namespace

Result<const std::vector<ProcessorRow>*> SqliteBookings::processors() {
  if (!processors_) {
    auto rows = all_rows<ProcessorRow>(
        database_.use("SELECT name, purposes, host, since, removed FROM processors WHERE removed IS NULL ORDER BY n"),
        read_processor, limits::kToldProcessors);
    if (!rows) return rows.error();
    processors_ = *std::move(rows);
  }
  return &*processors_;
}

// ---- what they are told of ----------------------------------------------------------------------------------------

Result<void> SqliteBookings::tell_of(const ConsentRow& row) {
  const auto all = processors();
  if (!all) return all.error();
  std::vector<std::string> fed;
  for (const ProcessorRow& processor : **all) {
    if (is_fed_by(processor, row.purpose)) fed.push_back(processor.name);
  }
  if (fed.empty()) return {};
  const auto before = database_.value<std::string>(
      "SELECT decision FROM consents WHERE call = ? AND participant = ? AND purpose = ? ORDER BY n DESC LIMIT 1",
      row.call, row.participant, row.purpose);
  if (!before) return before.error();
  const auto kind = event_of_decision(row.decision, before->value_or(""));
  if (!kind) return {};
  const auto tenant = database_.value<TenantId>("SELECT tenant FROM calls WHERE id = ?", row.call);
  if (!tenant) return tenant.error();
  const auto scope = database_.value<std::string>("SELECT erasure FROM calls WHERE id = ?", row.call);
  if (!scope) return scope.error();
  const auto subject = database_.value<SubjectId>("SELECT subject FROM participants WHERE id = ?", row.participant);
  if (!subject) return subject.error();
  const auto recording = database_.value<RecordingId>("SELECT id FROM recordings WHERE call = ?", row.call);
  if (!recording) return recording.error();
  if (!*tenant || !*subject) return {};  // what is consented to is not there, which the row's own insert refuses
  ProcessorEvent event{new_id<EventId>(row.at), *kind, row.at, **tenant, row.call, {row.participant}, {**subject}};
  event.recording = *recording;
  event.purposes = {row.purpose};
  if (row.decision == "granted") {
    event.valid_until = row.valid_until;
    ErasureScope parsed{};
    if (*scope && parse_name(**scope, parsed)) event.scope = parsed;
  }
  return tell(event, fed);
}

Result<void> SqliteBookings::tell_of(const booking::StartErasure& start) {
  const auto kind = event_of_erasure(start);
  if (!kind) return {};
  const auto all = processors();
  if (!all) return all.error();
  if ((*all)->empty()) return {};
  const ErasureRow& row = start.row;
  ProcessorEvent event{new_id<EventId>(row.requested), *kind, row.requested, {}};
  event.erasure = row.id;
  Result<std::optional<TenantId>> tenant = std::optional<TenantId>();
  if (*kind == "erasure.recording") {
    event.recording = parse_id<RecordingId>(row.target_id);
    const auto call = database_.value<CallId>("SELECT call FROM recordings WHERE id = ?", event.recording);
    if (!call) return call.error();
    event.call = *call;
    tenant = database_.value<TenantId>("SELECT tenant FROM calls WHERE id = ?", event.call);
  } else if (*kind == "erasure.participant") {
    event.call = parse_id<CallId>(row.target_id);
    event.legs = start.legs;
    for (const LegId leg : start.legs) {
      const auto who = database_.value<ParticipantId>("SELECT participant FROM legs WHERE id = ?", leg);
      if (!who) return who.error();
      if (!*who || std::count(event.participants.begin(), event.participants.end(), **who) != 0) continue;
      event.participants.push_back(**who);
      const auto subject = database_.value<SubjectId>("SELECT subject FROM participants WHERE id = ?", **who);
      if (!subject) return subject.error();
      if (*subject) event.subjects.push_back(**subject);
    }
    const auto recording = database_.value<RecordingId>("SELECT id FROM recordings WHERE call = ?", event.call);
    if (!recording) return recording.error();
    event.recording = *recording;
    tenant = database_.value<TenantId>("SELECT tenant FROM calls WHERE id = ?", event.call);
  } else if (*kind == "erasure.subject") {
    if (const auto subject = parse_id<SubjectId>(row.target_id)) event.subjects = {*subject};
    tenant = database_.value<TenantId>("SELECT tenant FROM subjects WHERE id = ?", only(event.subjects));
  } else {
    tenant = parse_id<TenantId>(row.target_id);
  }
  if (!tenant) return tenant.error();
  event.tenant = tenant->value_or(TenantId());
  return tell(event, names_of(**all));
}

Result<void> SqliteBookings::tell(const ProcessorEvent& event, const std::vector<std::string>& processors) {
  const std::string body = body_of(event);
  for (const std::string& processor : processors) {
    auto done = database_.run(
        "INSERT INTO outbox (event, processor, kind, tenant, call, subject, erasure, body, created, queued, state, "
        "attempts, last_error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, 0, '')",
        event.id, processor, event.kind, event.tenant, event.call, only(event.subjects), event.erasure, body, event.at,
        DeliveryState::pending);
    if (!done) return done;
  }
  outbox_changed_ = true;
  return {};
}

// ---- who they are -------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::SetProcessors& set) {
  auto known = all_rows<ProcessorRow>(database_.use("SELECT name, purposes, host, since, removed FROM processors"),
                                      read_processor, limits::kCatalogRows);
  if (!known) return known.error();
  processors_.reset();
  outbox_changed_ = true;
  for (const ProcessorRow& row : set.rows) {
    const auto before =
        std::find_if(known->begin(), known->end(), [&](const ProcessorRow& one) { return one.name == row.name; });
    const bool is_new = before == known->end();
    if (!is_new && !before->removed && before->purposes_json == row.purposes_json && before->host == row.host) continue;
    auto done = database_.run(
        "INSERT INTO processors (name, purposes, host, since) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "purposes = excluded.purposes, host = excluded.host, since = excluded.since, removed = NULL",
        row.name, row.purposes_json, row.host, set.at);
    if (!done) return done;
    const char* change = is_new || before->removed ? "registered" : "changed";
    if (done = append_ledger(processor_entry(row, change, set.at)); !done) return done;
  }
  for (const ProcessorRow& row : *known) {
    const bool stays =
        std::any_of(set.rows.begin(), set.rows.end(), [&](const ProcessorRow& one) { return one.name == row.name; });
    if (stays || row.removed) continue;
    auto done = database_.run("UPDATE processors SET removed = ? WHERE name = ?", set.at, row.name);
    if (!done) return done;
    if (done = append_ledger(processor_entry(row, "removed", set.at)); !done) return done;
  }
  return {};
}

// ---- what becomes of it -------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::AwaitProcessors& await) {
  outbox_changed_ = true;
  return changed_one(
      database_.run("UPDATE erasures SET steps_json = ?, waiting = 1 WHERE id = ?", await.steps_json, await.id),
      "erasure");
}

Result<void> SqliteBookings::put(const booking::NoteDelivery& note) {
  outbox_changed_ = true;
  const bool settled = is_settled(note.state);
  // One that has failed or is overdue was not answered otherwise meanwhile.
  auto done = database_.run(
      "UPDATE outbox SET state = ?3, attempts = max(attempts, ?4), tried = ?5, last_error = ?6, settled = CASE WHEN ?7 "
      "THEN ?5 END "
      "WHERE event = ?1 AND processor = ?2 AND settled IS NULL AND "
      "(?7 OR state = 'pending' OR (?3 = 'dead' AND state = 'accepted') OR "
      "(?3 = 'accepted' AND state = 'dead'))",
      note.event, note.processor, note.state, note.attempts, note.at, note.error.substr(0, limits::kDeliveryErrorBytes),
      settled);
  if (!done || !settled) return done;
  return database_.run(
      "DELETE FROM outbox WHERE n IN (SELECT n FROM outbox WHERE settled IS NOT NULL AND settled < ?1 AND "
      "NOT EXISTS (SELECT 1 FROM erasures e WHERE e.id = outbox.erasure AND e.done IS NULL) ORDER BY settled LIMIT ?2)",
      note.at - limits::kDeliveryKept, limits::kDeliveriesPurged);
}

Result<void> SqliteBookings::put(const booking::RetryDeliveries& retry) {
  outbox_changed_ = true;
  return database_.run(
      "UPDATE outbox SET state = 'pending', attempts = 0, queued = ?2 WHERE processor = ?1 AND state = 'dead' AND "
      "settled IS NULL",
      retry.processor, retry.at);
}

Result<void> SqliteBookings::put(const booking::WaiveDeliveries& waive) {
  outbox_changed_ = true;
  json erasures = json::array();
  auto found = all_rows<std::optional<ErasureId>>(
      database_.use("SELECT erasure FROM outbox WHERE processor = ?1 AND settled IS NULL AND "
                    "(?2 IS NULL OR erasure = ?2) ORDER BY n",
                    waive.processor, waive.erasure),
      read_id<std::optional<ErasureId>>, limits::kCatalogRows);
  if (!found) return found.error();
  if (found->empty()) return error(Errc::not_found, "nothing waits for this processor");
  for (const auto& id : *found) {
    if (id) erasures.push_back(to_text(*id));
  }
  auto done = database_.run(
      "UPDATE outbox SET state = 'waived', last_error = ?3, settled = ?4 WHERE processor = ?1 AND settled IS NULL AND "
      "(?2 IS NULL OR erasure = ?2)",
      waive.processor, waive.erasure, waive.reason, waive.at);
  if (!done) return done;
  const json body{{"by", waive.by},          {"change", "waived"},           {"erasures", std::move(erasures)},
                  {"events", found->size()}, {"processor", waive.processor}, {"reason", waive.reason}};
  return append_ledger(
      {LedgerKind::processor, waive.at, std::nullopt, body.dump(-1, ' ', false, json::error_handler_t::replace)});
}

}  // namespace assent
