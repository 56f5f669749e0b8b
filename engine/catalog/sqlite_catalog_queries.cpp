// The queries of SqliteCatalog: SQL on a borrowed read connection, and how its rows become ours.

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/catalog/sqlite_schema.h"

namespace assent {
namespace {

// Each query's columns stand in the order in which its row is read. A macro, because statements are string literals.
#define ASSENT_KEY_ROWS "SELECT k.id, k.kind, k.parent, s.body FROM keys k JOIN sealed s ON s.n = k.sealed "
#define ASSENT_SUBJECT_ROWS                                                        \
  "SELECT p.id, p.tenant, p.blind_index, s.body, p.key, p.erased FROM subjects p " \
  "LEFT JOIN sealed s ON s.n = p.sealed_ref "
#define ASSENT_CALL_ROWS                                                                                           \
  "SELECT c.id, c.tenant, c.key, c.policy, s.body, c.notice_json, c.created, c.ended, c.state, t.body, c.erasure " \
  "FROM calls c LEFT JOIN sealed s ON s.n = c.sealed_ref LEFT JOIN sealed t ON t.n = c.sealed_settings "
#define ASSENT_PARTICIPANT_ROWS                                                \
  "SELECT p.id, p.call, p.subject, p.role, s.body, p.key FROM participants p " \
  "LEFT JOIN sealed s ON s.n = p.sealed "
#define ASSENT_CONSENT_ROWS                                                                                     \
  "SELECT c.id, c.call, c.participant, c.purpose, c.decision, c.signal_type, c.signal_value, c.notice_json, "   \
  "c.origin, c.at, c.media_time, c.preroll_ms, c.valid_until, c.evidence_ms, s.body FROM consents c LEFT JOIN " \
  "sealed s ON s.n = c.sealed_said "
#define ASSENT_RECORDING_ROWS \
  "SELECT r.id, r.call, r.tenant, r.state, r.started, r.ended, r.lost_json, r.expires FROM recordings r "
#define ASSENT_SEGMENT_ROWS                                                                                   \
  "SELECT g.id, g.recording, g.call, g.leg, g.number, g.object, g.state, g.size_bytes, g.frames, g.started, " \
  "g.ended, g.salvaged, g.use FROM segments g "
#define ASSENT_ERASURE_ROWS "SELECT id, target_kind, target_id, requested, done, steps_json, held FROM erasures "
#define ASSENT_LEDGER_ROWS "SELECT seq, at, kind, call, body, hash FROM ledger "

Result<void> read_row(SqliteStatement& from, WrappedKey& row) {
  int kind = 0;
  if (auto ok = from.read(row.id, kind, row.parent, row.wrapped); !ok) return ok;
  if (kind < static_cast<int>(KeyKind::root) || kind > static_cast<int>(kLastKeyKind)) {
    return error(Errc::corrupt, "catalog: the key " + to_text(row.id) + " is of no known kind");
  }
  row.kind = static_cast<KeyKind>(kind);
  return {};
}

template <typename Tag>
Result<void> read_row(SqliteStatement& from, Id<Tag>& row) {
  return from.read(row);
}

Result<void> read_row(SqliteStatement& from, ReplacedKey& row) { return from.read(row.id, row.successor); }

Result<void> read_row(SqliteStatement& from, TenantRow& row) {
  return from.read(row.id, row.name, row.key, row.erased);
}

Result<void> read_row(SqliteStatement& from, SubjectRow& row) {
  return from.read(row.id, row.tenant, row.blind_index, row.sealed_ref, row.key, row.erased);
}

Result<void> read_row(SqliteStatement& from, CallRow& row) {
  return from.read(row.id, row.tenant, row.key, row.policy, row.sealed_ref, row.notice_json, row.created, row.ended,
                   row.state, row.sealed_settings, row.erasure);
}

Result<void> read_row(SqliteStatement& from, ParticipantRow& row) {
  return from.read(row.id, row.call, row.subject, row.role, row.sealed, row.key);
}

Result<void> read_row(SqliteStatement& from, LegRow& row) {
  return from.read(row.id, row.call, row.participant, row.index, row.sealed_label, row.key, row.codec, row.counts_json,
                   row.sealed_media, row.sealed_metrics);
}

Result<void> read_row(SqliteStatement& from, ConsentRow& row) {
  return from.read(row.id, row.call, row.participant, row.purpose, row.decision, row.signal_type, row.signal_value,
                   row.notice_json, row.origin, row.at, row.media_time, row.preroll_ms, row.valid_until,
                   row.evidence_ms, row.sealed_said);
}

Result<void> read_row(SqliteStatement& from, StandingConsentRow& row) {
  return from.read(row.id, row.subject, row.purposes_json, row.from, row.until, row.notice_json, row.sealed_evidence,
                   row.origin, row.created, row.withdrawn);
}

Result<void> read_row(SqliteStatement& from, NoticeRow& row) {
  return from.read(row.id, row.version, row.language, row.text, row.hash, row.origin, row.at);
}

Result<void> read_row(SqliteStatement& from, PurposeRow& row) {
  return from.read(row.id, row.version, row.description, row.lawful_basis, row.retention_hours, row.processors_json,
                   row.origin, row.at);
}

Result<void> read_row(SqliteStatement& from, RecordingRow& row) {
  return from.read(row.id, row.call, row.tenant, row.state, row.started, row.ended, row.lost_json, row.expires);
}

Result<void> read_row(SqliteStatement& from, SegmentRow& row) {
  return from.read(row.id, row.recording, row.call, row.leg, row.number, row.object, row.state, row.size_bytes,
                   row.frames, row.started, row.ended, row.salvaged, row.use);
}

struct ByteSum {
  std::uint64_t bytes = 0;
};
Result<void> read_row(SqliteStatement& from, ByteSum& row) { return from.read(row.bytes); }

Result<void> read_row(SqliteStatement& from, NoteRow& row) {
  return from.read(row.id, row.call, row.author, row.at, row.sealed_text);
}

Result<void> read_row(SqliteStatement& from, ErasureRow& row) {
  return from.read(row.id, row.target_kind, row.target_id, row.requested, row.done, row.steps_json, row.held);
}

Result<void> read_row(SqliteStatement& from, LedgerRow& row) {
  return from.read(row.seq, row.at, row.kind, row.call, row.body_json, row.hash);
}

}  // namespace

// ---- connections --------------------------------------------------------------------------------------------------

Result<SqliteCatalog::Lent> SqliteCatalog::borrow() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty() || readers_ < limits::kCatalogReaders; });
  if (!idle_.empty()) {
    Lent lent(idle_.back().release(), GiveBack{this});
    idle_.pop_back();
    return lent;
  }
  ++readers_;
  lock.unlock();
  auto opened = SqliteDatabase::open(path_, SqliteDatabase::Access::read);
  Result<void> ready = opened ? check_version(**opened, catalog_migrations()) : Result<void>(opened.error());
  if (ready) return Lent(opened->release(), GiveBack{this});
  lock.lock();
  --readers_;
  returned_.notify_one();
  return ready.error();
}

void SqliteCatalog::GiveBack::operator()(SqliteDatabase* connection) const {
  const std::lock_guard lock(catalog->mutex_);
  catalog->idle_.emplace_back(connection);
  catalog->returned_.notify_one();  // under the lock: after it, the catalog may be destroyed
}

template <typename Row, typename... Arguments>
Result<std::optional<Row>> SqliteCatalog::find(const char* sql, const Arguments&... arguments) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return one_row<Row>((*connection)->use(sql, arguments...), read_row);
}

template <typename Row, typename... Arguments>
Result<std::vector<Row>> SqliteCatalog::list(const char* sql, const Arguments&... arguments) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return all_rows<Row>((*connection)->use(sql, arguments...), read_row, limits::kCatalogRows);
}

// ---- one row, or the rows of one thing ----------------------------------------------------------------------------

Result<std::optional<WrappedKey>> SqliteCatalog::key(KeyId id) {
  auto found = find<WrappedKey>(ASSENT_KEY_ROWS "WHERE k.id = ?", id);
  if (!found || !*found) return found;
  if (auto added = add_guards(std::span(&**found, 1)); !added) return added.error();
  return found;
}

Result<std::vector<WrappedKey>> SqliteCatalog::keys_of_kind(KeyKind kind) {
  return with_guards(list<WrappedKey>(ASSENT_KEY_ROWS "WHERE k.kind = ? ORDER BY k.id", static_cast<int>(kind)));
}

Result<std::vector<WrappedKey>> SqliteCatalog::keys_under(KeyId parent, std::optional<KeyId> after) {
  return with_guards(
      list<WrappedKey>(ASSENT_KEY_ROWS
                       "WHERE (k.parent = ?1 OR k.id IN (SELECT key FROM key_guards WHERE guard = ?1)) AND "
                       "k.id > ifnull(?2, x'') ORDER BY k.id LIMIT ?3",
                       parent, after, limits::kCatalogListRows));
}

Result<std::vector<WrappedKey>> SqliteCatalog::with_guards(Result<std::vector<WrappedKey>> keys) {
  if (!keys) return keys;
  if (auto added = add_guards(*keys); !added) return added.error();
  return keys;
}

Result<void> SqliteCatalog::add_guards(std::span<WrappedKey> keys) {
  const auto may_have_some = [](const WrappedKey& key) {
    return key.kind == KeyKind::leg || key.kind == KeyKind::call;
  };
  if (std::none_of(keys.begin(), keys.end(), may_have_some)) return {};
  const auto connection = borrow();
  if (!connection) return connection.error();
  for (WrappedKey& key : keys) {
    if (!may_have_some(key)) continue;
    auto guards =
        all_rows<KeyId>((*connection)->use("SELECT guard FROM key_guards WHERE key = ? ORDER BY place", key.id),
                        read_row, limits::kCatalogRows);
    if (!guards) return guards.error();
    key.guards = *std::move(guards);
  }
  return {};
}

Result<std::vector<ReplacedKey>> SqliteCatalog::replaced_keys(KeyKind kind, std::optional<KeyId> after) {
  return list<ReplacedKey>(
      "SELECT id, successor FROM keys WHERE kind = ?1 AND successor IS NOT NULL AND id > ifnull(?2, x'') ORDER BY id "
      "LIMIT ?3",
      static_cast<int>(kind), after, limits::kCatalogListRows);
}

Result<std::optional<KeyId>> SqliteCatalog::successor(KeyId id) {
  return find<KeyId>("SELECT successor FROM keys WHERE id = ? AND successor IS NOT NULL", id);
}

Result<std::optional<KeyId>> SqliteCatalog::predecessor(KeyId successor) {
  return find<KeyId>("SELECT id FROM keys WHERE successor = ?", successor);
}

Result<std::uint64_t> SqliteCatalog::key_count() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  const auto count = (*connection)->value<std::uint64_t>("SELECT count(*) FROM keys");
  if (!count) return count.error();
  return count->value_or(0);
}

Result<std::optional<TenantRow>> SqliteCatalog::tenant_of_key(KeyId key) {
  return find<TenantRow>("SELECT id, name, key, erased FROM tenants WHERE key = ?", key);
}

Result<std::optional<SubjectRow>> SqliteCatalog::subject_of_key(KeyId key) {
  return find<SubjectRow>(ASSENT_SUBJECT_ROWS "WHERE p.key = ?", key);
}

Result<std::vector<ParticipantRow>> SqliteCatalog::participants_under(SubjectId subject, KeyId key) {
  return list<ParticipantRow>(ASSENT_PARTICIPANT_ROWS "WHERE p.subject = ? AND p.key = ? LIMIT ?", subject, key,
                              limits::kCatalogListRows);
}

Result<std::optional<TenantRow>> SqliteCatalog::tenant(std::string_view name) {
  return find<TenantRow>("SELECT id, name, key, erased FROM tenants WHERE name = ?", name);
}

Result<std::optional<TenantRow>> SqliteCatalog::tenant(TenantId id) {
  return find<TenantRow>("SELECT id, name, key, erased FROM tenants WHERE id = ?", id);
}

Result<std::optional<SubjectRow>> SqliteCatalog::subject(SubjectId id) {
  return find<SubjectRow>(ASSENT_SUBJECT_ROWS "WHERE p.id = ?", id);
}

Result<std::optional<SubjectRow>> SqliteCatalog::subject(TenantId tenant, ByteView blind_index) {
  return find<SubjectRow>(ASSENT_SUBJECT_ROWS "WHERE p.tenant = ? AND p.blind_index = ?", tenant, blind_index);
}

Result<std::optional<CallRow>> SqliteCatalog::call(CallId id) {
  return find<CallRow>(ASSENT_CALL_ROWS "WHERE c.id = ?", id);
}

Result<std::vector<CallRow>> SqliteCatalog::calls_in_state(CallState state) {
  // The live ones have an index of their own, which SQLite takes only when the state stands in the statement.
  if (state == CallState::live) return list<CallRow>(ASSENT_CALL_ROWS "WHERE c.state = 'live' ORDER BY c.id");
  return list<CallRow>(ASSENT_CALL_ROWS "WHERE c.state = ? ORDER BY c.id", state);
}

Result<std::vector<CallRow>> SqliteCatalog::calls_of(SubjectId subject) {
  return list<CallRow>(ASSENT_CALL_ROWS "WHERE c.id IN (SELECT call FROM participants WHERE subject = ?) ORDER BY c.id",
                       subject);
}

Result<std::vector<CallRow>> SqliteCatalog::calls_of(TenantId tenant) {
  return list<CallRow>(ASSENT_CALL_ROWS "WHERE c.tenant = ? ORDER BY c.id", tenant);
}

// The state stands in the statement, and nothing that another index has: so it walks the live ones alone.
Result<std::optional<CallId>> SqliteCatalog::live_call_of(SubjectId subject) {
  return find<CallId>(
      "SELECT c.id FROM calls c WHERE c.state = 'live' AND EXISTS (SELECT 1 FROM participants p WHERE p.subject = ? "
      "AND "
      "p.call = c.id) ORDER BY c.id LIMIT 1",
      subject);
}

Result<std::optional<CallId>> SqliteCatalog::live_call_of(TenantId tenant) {
  return find<CallId>("SELECT id FROM calls WHERE state = 'live' AND +tenant = ? ORDER BY id LIMIT 1", tenant);
}

Result<std::vector<SubjectRow>> SqliteCatalog::subjects_of(TenantId tenant) {
  return list<SubjectRow>(ASSENT_SUBJECT_ROWS "WHERE p.tenant = ? ORDER BY p.id", tenant);
}

Result<std::vector<ParticipantRow>> SqliteCatalog::participants(CallId call) {
  return list<ParticipantRow>(ASSENT_PARTICIPANT_ROWS "WHERE p.call = ? ORDER BY p.n", call);
}

Result<std::vector<LegRow>> SqliteCatalog::legs(CallId call) {
  return list<LegRow>(
      "SELECT l.id, l.call, l.participant, l.place, s.body, l.key, l.codec, l.counts_json, m.body, n.body FROM legs l "
      "LEFT JOIN sealed s ON s.n = l.sealed_label LEFT JOIN sealed m ON m.n = l.sealed_media "
      "LEFT JOIN sealed n ON n.n = l.sealed_metrics WHERE l.call = ? ORDER BY l.place, l.id",
      call);
}

Result<std::vector<ConsentRow>> SqliteCatalog::consents(CallId call) {
  return list<ConsentRow>(ASSENT_CONSENT_ROWS "WHERE c.call = ? ORDER BY c.n", call);
}

Result<std::vector<StandingConsentRow>> SqliteCatalog::standing_consents(SubjectId subject) {
  return list<StandingConsentRow>(
      "SELECT c.id, c.subject, c.purposes, c.valid_from, c.valid_until, c.notice_json, s.body, c.origin, c.created, "
      "c.withdrawn FROM standing_consents c LEFT JOIN sealed s ON s.n = c.sealed WHERE c.subject = ? "
      "ORDER BY c.created, c.id",
      subject);
}

Result<std::vector<NoticeRow>> SqliteCatalog::notices(const NoticeFilter& filter) {
  return list<NoticeRow>(
      "SELECT id, version, language, text, hash, origin, at FROM notices WHERE (?1 IS NULL OR id = ?1) AND "
      "(?2 IS NULL OR version = ?2) AND (?3 IS NULL OR language = ?3) AND (?4 IS NULL OR hash = ?4) ORDER BY n",
      filter.id, filter.version, filter.language, filter.hash);
}

Result<std::vector<PurposeRow>> SqliteCatalog::purposes() {
  return list<PurposeRow>(
      "SELECT id, version, description, lawful_basis, retention_hours, processors, origin, at FROM purposes ORDER BY "
      "n");
}

Result<std::optional<RecordingRow>> SqliteCatalog::recording(RecordingId id) {
  return find<RecordingRow>(ASSENT_RECORDING_ROWS "WHERE r.id = ?", id);
}

Result<std::optional<RecordingRow>> SqliteCatalog::recording_of(CallId call) {
  return find<RecordingRow>(ASSENT_RECORDING_ROWS "WHERE r.call = ?", call);
}

Result<std::vector<SegmentRow>> SqliteCatalog::segments(RecordingId recording) {
  return list<SegmentRow>(ASSENT_SEGMENT_ROWS
                          "JOIN legs l ON l.id = g.leg WHERE g.recording = ? ORDER BY l.place, g.leg, g.number, g.id",
                          recording);
}

Result<std::optional<SegmentRow>> SqliteCatalog::segment(SegmentId id) {
  return find<SegmentRow>(ASSENT_SEGMENT_ROWS "WHERE g.id = ?", id);
}

Result<std::uint64_t> SqliteCatalog::stored_bytes(TenantId tenant) {
  const auto sum = find<ByteSum>(
      "SELECT coalesce(sum(g.size_bytes), 0) FROM recordings r JOIN segments g ON g.recording = r.id WHERE r.tenant = "
      "?",
      tenant);
  if (!sum) return sum.error();
  return *sum ? (*sum)->bytes : 0;
}

Result<std::vector<NoteRow>> SqliteCatalog::notes(CallId call) {
  return list<NoteRow>(
      "SELECT t.id, t.call, t.author, t.at, s.body FROM notes t LEFT JOIN sealed s ON s.n = t.sealed "
      "WHERE t.call = ? ORDER BY t.n",
      call);
}

Result<std::optional<ErasureRow>> SqliteCatalog::erasure(ErasureId id) {
  return find<ErasureRow>(ASSENT_ERASURE_ROWS "WHERE id = ?", id);
}

Result<std::vector<ErasureRow>> SqliteCatalog::unfinished_erasures() {
  return list<ErasureRow>(ASSENT_ERASURE_ROWS "WHERE done IS NULL AND waiting = 0 AND held = 0 ORDER BY id");
}

Result<std::vector<ErasureRow>> SqliteCatalog::waiting_erasures() {
  return list<ErasureRow>(ASSENT_ERASURE_ROWS "WHERE done IS NULL AND waiting = 1 ORDER BY id");
}

Result<std::vector<ErasureRow>> SqliteCatalog::held_erasures() {
  return list<ErasureRow>(ASSENT_ERASURE_ROWS "WHERE held = 1 ORDER BY id");
}

// ---- listings with a cursor ---------------------------------------------------------------------------------------

// Newest first by id: a UUIDv7 sorts by the time it was made. With a person given, that person's calls lead.
Result<std::vector<RecordingRow>> SqliteCatalog::recordings(const RecordingFilter& filter) {
#define ASSENT_RECORDING_FILTER                                                                          \
  "(?1 IS NULL OR r.id < ?1) AND (?2 IS NULL OR r.tenant = ?2) AND (?3 IS NULL OR r.started >= ?3) AND " \
  "(?4 IS NULL OR r.started < ?4) AND (?5 IS NULL OR r.state = ?5) "
  const std::size_t limit = std::min(filter.limit, limits::kCatalogListRows);
  if (filter.subject) {
    return list<RecordingRow>(ASSENT_RECORDING_ROWS "WHERE " ASSENT_RECORDING_FILTER
                                                    "AND r.call IN (SELECT call FROM participants WHERE subject = ?7) "
                                                    "ORDER BY r.id DESC LIMIT ?6",
                              filter.after, filter.tenant, filter.from, filter.to, filter.state, limit,
                              *filter.subject);
  }
  return list<RecordingRow>(ASSENT_RECORDING_ROWS "WHERE " ASSENT_RECORDING_FILTER "ORDER BY r.id DESC LIMIT ?6",
                            filter.after, filter.tenant, filter.from, filter.to, filter.state, limit);
#undef ASSENT_RECORDING_FILTER
}

Result<std::vector<LedgerRow>> SqliteCatalog::ledger(const LedgerFilter& filter) {
  const std::size_t limit = std::min(filter.limit, limits::kCatalogListRows);
  // A number beyond SQLite's integers is beyond the last record, too.
  const std::uint64_t after = std::min<std::uint64_t>(filter.after_seq, INT64_MAX);
  if (filter.subject) {
    // A consent on file, and what somebody was given of themselves, is of no call, so none of its records is among
    // those of a call that is asked for, too. Whose it is stands in the record, which is canonical JSON: no space in
    // it, and quotes within texts are escaped.
    const std::string of_person = R"("subject":")" + to_text(*filter.subject) + "\"";
    return list<LedgerRow>(ASSENT_LEDGER_ROWS
                           "WHERE seq > ?1 AND (?2 IS NULL OR call = ?2) AND call IN (SELECT call FROM participants "
                           "WHERE subject = ?3) UNION ALL " ASSENT_LEDGER_ROWS
                           "WHERE seq > ?1 AND ?2 IS NULL AND kind = 'standing_consent' AND "
                           "instr(body, ?5) > 0 UNION ALL " ASSENT_LEDGER_ROWS
                           "WHERE seq > ?1 AND ?2 IS NULL AND kind = 'disclosure' AND "
                           "instr(body, ?5) > 0 ORDER BY seq LIMIT ?4",
                           after, filter.call, *filter.subject, limit, of_person);
  }
  if (filter.call) {
    return list<LedgerRow>(ASSENT_LEDGER_ROWS "WHERE call = ? AND seq > ? ORDER BY seq LIMIT ?", *filter.call, after,
                           limit);
  }
  return list<LedgerRow>(ASSENT_LEDGER_ROWS "WHERE seq > ? ORDER BY seq LIMIT ?", after, limit);
}

Result<std::vector<LedgerKeyStart>> SqliteCatalog::ledger_keys() {
  const auto rows = list<LedgerRow>(ASSENT_LEDGER_ROWS "WHERE kind = 'ledger_key' ORDER BY seq");
  if (!rows) return rows.error();
  std::vector<LedgerKeyStart> keys;
  for (const LedgerRow& row : *rows) {
    auto start = parse_key_start(row.body_json);
    if (!start) return error(Errc::corrupt, "ledger: record " + std::to_string(row.seq) + " is no key's start");
    keys.push_back(*std::move(start));
  }
  return keys;
}

Result<WallTime> SqliteCatalog::last_recorded() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  const auto at = (*connection)->value<WallTime>("SELECT at FROM ledger ORDER BY seq DESC LIMIT 1");
  if (!at) return at.error();
  return at->value_or(WallTime());
}

Result<std::uint64_t> SqliteCatalog::last_seq() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  const auto seq = (*connection)->value<std::int64_t>("SELECT seq FROM ledger ORDER BY seq DESC LIMIT 1");
  if (!seq) return seq.error();
  return static_cast<std::uint64_t>(seq->value_or(0));
}

// ---- verification -------------------------------------------------------------------------------------------------

Result<void> SqliteCatalog::check_integrity() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  const auto verdict = (*connection)->value<std::string>("PRAGMA integrity_check(1)");
  if (!verdict) return verdict.error();
  if (verdict->value_or("") != "ok") return error(Errc::corrupt, "the catalog is damaged: " + verdict->value_or(""));
  const auto dangling = (*connection)->value<std::string>("PRAGMA foreign_key_check");
  if (!dangling) return dangling.error();
  if (*dangling) return error(Errc::corrupt, "the catalog is damaged: a row of " + **dangling + " refers to nothing");
  return {};
}

#undef ASSENT_KEY_ROWS
#undef ASSENT_SUBJECT_ROWS
#undef ASSENT_CALL_ROWS
#undef ASSENT_PARTICIPANT_ROWS
#undef ASSENT_CONSENT_ROWS
#undef ASSENT_RECORDING_ROWS
#undef ASSENT_SEGMENT_ROWS
#undef ASSENT_ERASURE_ROWS
#undef ASSENT_LEDGER_ROWS

}  // namespace assent
