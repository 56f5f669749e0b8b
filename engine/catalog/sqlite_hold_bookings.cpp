// The bookings of SqliteBookings for what ends by itself and what must not: retention and legal holds.
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "engine/catalog/hold_text.h"
#include "engine/catalog/leg_erasure.h"
#include "engine/catalog/sqlite_bookings.h"
#include "engine/catalog/sqlite_holds.h"

namespace assent {
namespace {

using nlohmann::json;

Result<void> read_consent(SqliteStatement& from, RetentionConsent& row) {
  return from.read(row.participant, row.purpose, row.decision, row.at);
}

Result<void> read_purpose(SqliteStatement& from, RetentionPurpose& row) { return from.read(row.id, row.hours, row.at); }

LedgerEntry ledger_entry(const HoldRow& row, const std::optional<CallId>& call, WallTime at, json body) {
  body["hold"] = to_text(row.id);
  body[std::string(name_of(row.target))] = detail::uuid_text(row.target_id);
  return {LedgerKind::hold, at, call, body.dump()};
}

}  // namespace

// ---- retention ----------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::PlanRetention& plan) {
  const auto call = database_.value<CallId>("SELECT call FROM recordings WHERE id = ?", plan.recording);
  if (!call) return call.error();
  return *call ? plan_retention_of(**call) : Result<void>();
}

Result<void> SqliteBookings::plan_retention_of(CallId call) {
  constexpr const char* kClosed =
      "UPDATE recordings SET expires = ?, plan = ? WHERE call = ? AND state NOT IN "
      "('open', 'erased')";
  if (retention_ == nullptr) return database_.run(kClosed, std::optional<WallTime>(), 0, call);
  const auto ended = database_.value<std::optional<WallTime>>(
      "SELECT ended FROM recordings WHERE call = ? AND state NOT IN ('open', 'erased')", call);
  if (!ended) return ended.error();
  if (!*ended || !**ended) return {};  // none that is closed
  const auto tenant =
      database_.value<std::string>("SELECT t.name FROM calls c JOIN tenants t ON t.id = c.tenant WHERE c.id = ?", call);
  if (!tenant) return tenant.error();
  const auto consents = all_rows<RetentionConsent>(
      database_.use("SELECT participant, purpose, decision, at FROM consents WHERE call = ? ORDER BY n", call),
      read_consent, limits::kCatalogRows);
  if (!consents) return consents.error();
  const auto purposes = all_rows<RetentionPurpose>(
      database_.use("SELECT id, retention_hours, at FROM purposes ORDER BY n"), read_purpose, limits::kCatalogRows);
  if (!purposes) return purposes.error();
  const auto own = retention_->tenants.find(tenant->value_or(""));
  const auto end =
      retention_end(***ended, *consents, *purposes, own == retention_->tenants.end() ? OwnRetention() : own->second);
  return database_.run(kClosed, end, retention_->number(), call);
}

// ---- holds --------------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::PlaceHold& place) {
  const HoldRow& row = place.row;
  const auto standing = database_.value<std::int64_t>("SELECT count(*) FROM holds WHERE ended IS NULL");
  if (!standing) return standing.error();
  if (standing->value_or(0) >= static_cast<std::int64_t>(limits::kHolds)) {
    return error(Errc::exhausted, "catalog: as many holds stand as may, " + std::to_string(limits::kHolds));
  }
  auto done = database_.run(
      "INSERT INTO holds (id, target, target_id, reason, placed_by, placed, until, ended, ended_by, ended_reason) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, NULL, '', '')",
      row.id, row.target, ByteView(row.target_id), row.reason, row.by, row.placed, row.until);
  if (!done) return done;
  const auto call = call_of(row);
  if (!call) return call.error();
  return append_ledger(ledger_entry(row, *call, row.placed,
                                    {{"by", row.by},
                                     {"reason", row.reason},
                                     {"step", "placed"},
                                     {"until", row.until ? json(to_rfc3339(*row.until)) : json(nullptr)}}));
}

Result<std::optional<CallId>> SqliteBookings::call_of(const HoldRow& row) {
  if (row.target == HoldTarget::call) return std::optional(CallId{row.target_id});
  if (row.target != HoldTarget::recording) return std::optional<CallId>();
  return database_.value<CallId>("SELECT call FROM recordings WHERE id = ?", RecordingId{row.target_id});
}

Result<void> SqliteBookings::put(const booking::EndHold& end) {
  const auto row =
      one_row<HoldRow>(database_.use(ASSENT_HOLD_ROWS "WHERE h.id = ? AND h.ended IS NULL", end.hold), read_hold);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "catalog: no hold of this id stands");
  auto done = database_.run("UPDATE holds SET ended = ?, ended_by = ?, ended_reason = ? WHERE id = ?", end.at, end.by,
                            end.reason, end.hold);
  if (!done) return done;
  const auto call = call_of(**row);
  if (!call) return call.error();
  json body = {{"by", end.by}, {"step", end.by == kEndedByTime ? "ended" : "released"}};
  if (!end.reason.empty()) body["reason"] = end.reason;
  return append_ledger(ledger_entry(**row, *call, end.at, std::move(body)));
}

Result<void> SqliteBookings::put(const booking::RequireNoHold& require) {
  const auto holds = holds_over(database_, require.target, require.id);
  if (!holds) return holds.error();
  if (holds->empty()) return {};
  return error(Errc::conflict, "catalog: the hold " + to_text(holds->front().id) + " forbids it");
}

Result<void> SqliteBookings::put(const booking::BeginHeldErasure& begin) {
  auto done = database_.run("UPDATE erasures SET held = 0, steps_json = ? WHERE id = ? AND held = 1", begin.steps_json,
                            begin.id);
  if (!done) return done;
  if (database_.changed_rows() != 1) return error(Errc::conflict, "catalog: the erasure does not wait");
  // Processors are told of it now: while it waited there was nothing for them to erase.
  booking::StartErasure begun{{begin.id, {}, {}, {}, std::nullopt, begin.steps_json}, std::nullopt, begin.legs};
  auto found = database_.use("SELECT target_kind, target_id, requested FROM erasures WHERE id = ?", begin.id);
  if (!found) return found.error();
  if (const auto is_there = found->step(); !is_there) return is_there.error();
  if (auto read = found->read(begun.row.target_kind, begun.row.target_id, begun.row.requested); !read) return read;
  return tell_of(begun);
}

// ---- erasing, unless it is held -----------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::EraseLegs& erase) {
  const auto holds = holds_over(database_, HoldTarget::call, erase.call.bytes);
  if (!holds) return holds.error();
  const std::vector<Booking> bookings =
      holds->empty() ? leg_erasure_bookings(erase) : held_leg_erasure_bookings(erase, holds->front());
  for (const Booking& one : bookings) {
    if (auto done = apply(one); !done) return done;
  }
  return {};
}

Result<void> SqliteBookings::put(const booking::EraseUnheld& erase) {
  const auto call = database_.value<CallId>("SELECT call FROM recordings WHERE id = ?", erase.recording);
  if (!call) return call.error();
  const auto held = database_.value<int>("SELECT 1 FROM erasures WHERE held = 1 AND target_kind = ? AND target_id = ?",
                                         kLegErasureKind, to_text(call->value_or(CallId())));
  if (!held) return held.error();
  return *held ? Result<void>() : put(booking::EraseRecording{erase.recording, erase.at});
}

}  // namespace assent
