// Reading the ledger from its first record to its last.
//
// In steps of limits::kLedgerStepRows, each with a cursor and a snapshot of its own: what was read can no longer
// change, and one long snapshot would keep forget_deleted waiting. The consents are read beside their entries: both are
// numbered in the order of booking. In the last step's snapshot lie the end of both, and the kept head.

#include <utility>

#include "base/limits.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/ledger_check.h"
#include "engine/catalog/sqlite_catalog.h"

namespace assent {
namespace {

// A read transaction: everything read until it goes is of one state.
class Snapshot {
 public:
  static Result<Snapshot> begin(SqliteDatabase& database) {
    if (auto begun = database.run("BEGIN"); !begun) return begun.error();
    return Snapshot(database);
  }
  Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (database_ != nullptr) (void)database_->run("ROLLBACK");
  }

 private:
  explicit Snapshot(SqliteDatabase& database) : database_(&database) {}
  SqliteDatabase* database_;
};

using TakeRow = std::function<Result<void>(const LedgerRow&)>;

// SQLite's numbers may be negative; a record's must not, so the first step begins below all.
constexpr std::int64_t kBeforeAll = INT64_MIN;

// One step; how many records it gave. `row` and `last` are the caller's: `row` for its memory, `last` for the next
// step.
Result<std::size_t> step_through(SqliteDatabase& database, std::int64_t& last, LedgerRow& row, const TakeRow& take) {
  auto rows = database.use("SELECT seq, at, kind, call, body, hash FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?",
                           last, limits::kLedgerStepRows);
  if (!rows) return rows.error();
  const auto unreadable = [&](const Error& why) {
    return ledger_breaks_at(last > 0 ? static_cast<std::uint64_t>(last) + 1 : 1, "it cannot be read: " + why.what);
  };
  for (std::size_t count = 0;; ++count) {
    const auto more = rows->step();
    if (!more) return unreadable(more.error());
    if (!*more) return count;
    if (auto read = rows->read(row.seq, row.at, row.kind, row.call, row.body_json, row.hash); !read) {
      return unreadable(read.error());
    }
    if (auto taken = take(row); !taken) return taken.error();
    last = static_cast<std::int64_t>(row.seq);
  }
}

// The consents in the order of booking, each compared with what the ledger has of it.
class ConsentWalk {
 public:
  Result<void> begin_step(SqliteDatabase& database) {
    auto rows = database.use(
        "SELECT n, id, call, participant, purpose, decision, signal_type, signal_value, notice_json, origin, at, "
        "media_time, preroll_ms, valid_until, evidence_ms FROM consents WHERE n > ? ORDER BY n",
        last_);
    if (!rows) return rows.error();
    rows_.emplace(std::move(*rows));
    return {};
  }
  void end_step() { rows_.reset(); }

  Result<void> compare(const LedgerRow& entry) {
    const auto differs = [&](std::string_view why) {
      return ledger_breaks_at(entry.seq, "the consent record that it is about " + std::string(why));
    };
    const auto more = rows_->step();
    if (!more) return differs("cannot be read: " + more.error().what);
    if (!*more) return differs("is missing");
    if (auto read =
            rows_->read(last_, consent_.id, consent_.call, consent_.participant, consent_.purpose, consent_.decision,
                        consent_.signal_type, consent_.signal_value, consent_.notice_json, consent_.origin, consent_.at,
                        consent_.media_time, consent_.preroll_ms, consent_.valid_until, consent_.evidence_ms);
        !read) {
      return differs("cannot be read: " + read.error().what);
    }
    ++count_;
    const auto booked = ledger_entry_of(consent_);
    if (booked && booked->body_json == entry.body_json && booked->call == entry.call && booked->at == entry.at)
      return {};
    return differs(names_it(entry) ? "is not the one that was booked" : "is missing");
  }

  // After the last entry: there must be no more. In the last step.
  Result<void> finish(SqliteDatabase& database) {
    const auto kept = database.value<std::uint64_t>("SELECT count(*) FROM consents");
    if (!kept) return kept.error();
    if (kept->value_or(0) == count_) return {};
    return error(Errc::corrupt, "the catalog holds " + std::to_string(kept->value_or(0)) +
                                    " consent records, the ledger knows of " + std::to_string(count_));
  }

 private:
  bool names_it(const LedgerRow& entry) const {
    return entry.body_json.find(to_text(consent_.id)) != std::string::npos;
  }

  std::optional<SqliteStatement> rows_;
  ConsentRow consent_;
  std::int64_t last_ = kBeforeAll;
  std::uint64_t count_ = 0;
};

}  // namespace

Result<void> SqliteCatalog::walk_ledger(const TakeRow& take) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  std::int64_t last = kBeforeAll;
  LedgerRow row;
  for (;;) {
    const auto count = step_through(**connection, last, row, take);
    if (!count) return count.error();
    if (*count < limits::kLedgerStepRows) return {};
  }
}

Result<std::optional<KeptHead>> SqliteCatalog::kept_head() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return read_kept_head(**connection);
}

Result<LedgerReport> SqliteCatalog::verify_ledger(const std::optional<LedgerHead>& noted) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  SqliteDatabase& database = **connection;
  const std::shared_ptr<const LedgerSeal> sealing = seal();
  LedgerCheck check(noted);
  ConsentWalk consents;
  const TakeRow take = [&](const LedgerRow& row) -> Result<void> {
    if (auto next = check.next(row); !next) return next;
    return row.kind == name_of(LedgerKind::consent) ? consents.compare(row) : Result<void>();
  };
  std::int64_t last = kBeforeAll;
  LedgerRow row;
  for (;;) {
    const auto snapshot = Snapshot::begin(database);
    if (!snapshot) return snapshot.error();
    if (auto begun = consents.begin_step(database); !begun) return begun.error();
    const auto count = step_through(database, last, row, take);
    consents.end_step();
    if (!count) return count.error();
    if (*count == limits::kLedgerStepRows) continue;
    const auto kept = read_kept_head(database);
    if (!kept) return kept.error();
    auto report = check.finish(*kept, sealing.get());
    if (!report) return report;
    if (auto finished = consents.finish(database); !finished) return finished.error();
    return report;
  }
}

}  // namespace assent
