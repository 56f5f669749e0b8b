// The queries of SqliteCatalog about holds, and about recordings whose time is over.
#include <algorithm>

#include "base/limits.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/catalog/sqlite_holds.h"

namespace assent {
namespace {

#define ASSENT_STANDING ASSENT_HOLD_ROWS "WHERE h.ended IS NULL AND "

Result<void> read_due(SqliteStatement& from, DueRecording& row) { return from.read(row.id, row.expires); }
Result<void> read_id(SqliteStatement& from, RecordingId& row) { return from.read(row); }

Result<std::vector<HoldRow>> holds_over_call(SqliteDatabase& database, CallId call) {
  return all_rows<HoldRow>(
      database.use(ASSENT_STANDING
                   "h.target = 'call' AND h.target_id = ?1 UNION ALL " ASSENT_STANDING
                   "h.target = 'recording' AND h.target_id IN (SELECT id FROM recordings WHERE call = ?1) UNION "
                   "ALL " ASSENT_STANDING
                   "h.target = 'tenant' AND h.target_id IN (SELECT tenant FROM calls WHERE id = ?1) UNION "
                   "ALL " ASSENT_STANDING
                   "h.target = 'subject' AND h.target_id IN (SELECT subject FROM participants WHERE call = ?1)",
                   call),
      read_hold, limits::kHolds);
}

// What everybody they ever spoke with is held by holds them, too: their erasure would take of these calls.
Result<std::vector<HoldRow>> holds_over_subject(SqliteDatabase& database, SubjectId subject) {
  return all_rows<HoldRow>(
      database.use(
          ASSENT_STANDING
          "CASE h.target WHEN 'subject' THEN h.target_id = ?1 OR EXISTS (SELECT 1 FROM participants a JOIN "
          "participants "
          "b ON b.call = a.call WHERE a.subject = ?1 AND b.subject = h.target_id) WHEN 'tenant' THEN h.target_id = "
          "(SELECT tenant FROM subjects WHERE id = ?1) WHEN 'call' THEN EXISTS (SELECT 1 FROM participants p WHERE "
          "p.subject = ?1 AND p.call = h.target_id) ELSE EXISTS (SELECT 1 FROM recordings r JOIN participants p ON "
          "p.call = r.call WHERE r.id = h.target_id AND p.subject = ?1) END",
          subject),
      read_hold, limits::kHolds);
}

Result<std::vector<HoldRow>> holds_over_tenant(SqliteDatabase& database, TenantId tenant) {
  return all_rows<HoldRow>(
      database.use(ASSENT_STANDING
                   "CASE h.target WHEN 'tenant' THEN h.target_id = ?1 WHEN 'subject' THEN EXISTS (SELECT 1 FROM "
                   "subjects s WHERE s.id = h.target_id AND s.tenant = ?1) WHEN 'call' THEN EXISTS (SELECT 1 FROM "
                   "calls c WHERE c.id = h.target_id AND c.tenant = ?1) ELSE EXISTS (SELECT 1 FROM recordings r WHERE "
                   "r.id = h.target_id AND r.tenant = ?1) END",
                   tenant),
      read_hold, limits::kHolds);
}

Result<std::vector<HoldRow>> holds_in_any_order(SqliteDatabase& database, HoldTarget target,
                                                const std::array<std::uint8_t, 16>& id) {
  switch (target) {
    case HoldTarget::call: return holds_over_call(database, CallId{id});
    case HoldTarget::subject: return holds_over_subject(database, SubjectId{id});
    case HoldTarget::tenant: return holds_over_tenant(database, TenantId{id});
    case HoldTarget::recording: break;
  }
  const auto call = database.value<CallId>("SELECT call FROM recordings WHERE id = ?", RecordingId{id});
  if (!call) return call.error();
  return *call ? holds_over_call(database, **call) : std::vector<HoldRow>();
}

}  // namespace

Result<void> read_hold(SqliteStatement& from, HoldRow& row) {
  Bytes target;
  if (auto ok = from.read(row.id, row.target, target, row.reason, row.by, row.placed, row.until, row.ended,
                          row.ended_by, row.ended_reason);
      !ok) {
    return ok;
  }
  if (target.size() != row.target_id.size()) return error(Errc::corrupt, "catalog: a hold's target is damaged");
  std::copy(target.begin(), target.end(), row.target_id.begin());
  return {};
}

Result<std::vector<HoldRow>> holds_over(SqliteDatabase& database, HoldTarget target,
                                        const std::array<std::uint8_t, 16>& id) {
  auto holds = holds_in_any_order(database, target, id);
  if (!holds) return holds;
  std::sort(holds->begin(), holds->end(), [](const HoldRow& a, const HoldRow& b) {
    const WallTime end_a = a.until.value_or(WallTime::max());
    const WallTime end_b = b.until.value_or(WallTime::max());
    return end_a != end_b ? end_a > end_b : a.id < b.id;
  });
  return holds;
}

Result<std::vector<HoldRow>> SqliteCatalog::holds_over(HoldTarget target, const std::array<std::uint8_t, 16>& id) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return assent::holds_over(**connection, target, id);
}

Result<std::optional<HoldRow>> SqliteCatalog::hold(HoldId id) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return one_row<HoldRow>((*connection)->use(ASSENT_HOLD_ROWS "WHERE h.id = ?", id), read_hold);
}

Result<std::vector<HoldRow>> SqliteCatalog::holds(const HoldFilter& filter) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  const std::size_t limit = std::min(filter.limit, limits::kCatalogListRows);
  return all_rows<HoldRow>(
      filter.which == HoldFilter::Which::standing
          ? (*connection)->use(ASSENT_STANDING "h.id > ifnull(?, x'') ORDER BY h.id LIMIT ?", filter.after, limit)
          : (*connection)
                ->use(ASSENT_HOLD_ROWS "WHERE h.ended IS NOT NULL AND h.id > ifnull(?, x'') ORDER BY h.id LIMIT ?",
                      filter.after, limit),
      read_hold, limits::kCatalogRows);
}

Result<std::optional<WallTime>> SqliteCatalog::next_hold_end() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return (*connection)
      ->value<WallTime>("SELECT until FROM holds WHERE ended IS NULL AND until IS NOT NULL ORDER BY until LIMIT 1");
}

// ---- whose time is over -------------------------------------------------------------------------------------------

Result<std::vector<DueRecording>> SqliteCatalog::due_recordings(WallTime now, const std::optional<DueRecording>& after,
                                                                std::size_t limit) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  const DueRecording from = after.value_or(DueRecording{{}, WallTime::min()});
  return all_rows<DueRecording>(
      (*connection)
          ->use("SELECT id, expires FROM recordings WHERE expires IS NOT NULL AND expires <= ? AND (expires, id) > (?, "
                "?) ORDER BY expires, id LIMIT ?",
                now, from.expires, from.id, limit),
      read_due, limits::kCatalogRows);
}

Result<std::vector<RecordingId>> SqliteCatalog::recordings_to_plan(std::size_t limit) {
  const auto rules = retention_rules();
  if (rules == nullptr) return std::vector<RecordingId>();
  const auto connection = borrow();
  if (!connection) return connection.error();
  return all_rows<RecordingId>(
      (*connection)
          ->use("SELECT id FROM recordings WHERE plan IS NOT NULL AND plan < ?1 UNION ALL SELECT id FROM recordings "
                "WHERE plan IS NOT NULL AND plan > ?1 LIMIT ?2",
                rules->number(), limit),
      read_id, limits::kCatalogRows);
}

void SqliteCatalog::keep_recordings(std::shared_ptr<const RetentionRules> rules) {
  const std::lock_guard lock(mutex_);
  retention_ = std::move(rules);
}

std::shared_ptr<const RetentionRules> SqliteCatalog::retention_rules() {
  const std::lock_guard lock(mutex_);
  return retention_;
}

}  // namespace assent
