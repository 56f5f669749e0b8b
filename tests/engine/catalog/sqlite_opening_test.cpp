#include <sys/stat.h>

#include <csignal>

#include <sys/resource.h>

#include "catalog_rows.h"
#include "engine/catalog/sqlite_schema.h"

using namespace assent;
using namespace assent::test;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::unique_ptr<SqliteDatabase> raw(const TempFolder& folder) {
  auto database = SqliteDatabase::open((folder.path() / "catalog.db").string(), SqliteDatabase::Access::write);
  REQUIRE_OK(database);
  return *std::move(database);
}

void change_behind_the_back(const TempFolder& folder, const char* sql) { REQUIRE_OK(raw(folder)->script(sql)); }

}  // namespace

TEST_CASE("what was booked is there when the catalog is opened again") {
  const TempFolder folder;
  const CallRows rows;
  {
    const auto catalog = open_catalog(folder);
    rows.book_all(*catalog);
  }
  const auto catalog = open_catalog(folder);
  CHECK(catalog->call(rows.call.id)->has_value());
  REQUIRE_OK(catalog->check_integrity());
}

TEST_CASE("every file of the catalog is for its owner only, whatever the umask") {
  const TempFolder folder;
  const mode_t before = ::umask(0);
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  ::umask(before);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CAPTURE(entry.path().string());
    CHECK(mode_of(entry.path()) == 0600);
    ++files;
  }
  CHECK(files == 4);  // the database, its log, its shared memory, the lock
}

TEST_CASE("a catalog left readable by others is closed to them") {
  const TempFolder folder;
  open_catalog(folder).reset();
  REQUIRE(::chmod((folder.path() / "catalog.db").c_str(), 0644) == 0);
  open_catalog(folder);
  CHECK(mode_of(folder.path() / "catalog.db") == 0600);
}

TEST_CASE("a second engine on the same folder is refused until the first has gone") {
  const TempFolder folder;
  auto first = open_catalog(folder);
  const auto second = SqliteCatalog::open(folder.path());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::conflict);
  CHECK_THAT(second.error().what, Catch::Contains("another engine"));
  first.reset();
  open_catalog(folder);
}

TEST_CASE("a reader sees what an engine books while it runs, and may not book") {
  const TempFolder folder;
  const auto engine = open_catalog(folder);
  auto reader = SqliteCatalog::open_read_only(folder.path());
  REQUIRE_OK(reader);
  const CallRows rows;
  rows.book_all(*engine);
  CHECK((*reader)->call(rows.call.id)->has_value());
  CHECK((*reader)->book(rows.people_bookings()).error().code == Errc::unsupported);
  CHECK((*reader)->forget_deleted().error().code == Errc::unsupported);
}

TEST_CASE("a reader sees everything when no engine runs") {
  const TempFolder folder;
  const CallRows rows;
  {
    const auto engine = open_catalog(folder);
    rows.book_all(*engine);
  }
  const auto reader = SqliteCatalog::open_read_only(folder.path());
  REQUIRE_OK(reader);
  CHECK((*reader)->call(rows.call.id)->has_value());
  CHECK((*reader)->verify_ledger()->head.seq == 0);
  open_catalog(folder);  // and is in nobody's way
}

TEST_CASE("a folder without a catalog has nothing to read") {
  const TempFolder folder;
  CHECK(SqliteCatalog::open_read_only(folder.path()).error().code == Errc::not_found);
  CHECK(SqliteCatalog::open(folder.path() / "missing").error().code == Errc::io);
}

TEST_CASE("a catalog of a newer version is refused by engine and reader") {
  const TempFolder folder;
  open_catalog(folder).reset();
  change_behind_the_back(folder, "PRAGMA user_version = 1000");
  CHECK(SqliteCatalog::open(folder.path()).error().code == Errc::unsupported);
  CHECK(SqliteCatalog::open_read_only(folder.path()).error().code == Errc::unsupported);
}

TEST_CASE("another program's database and a file that is none are refused") {
  const TempFolder folder;
  std::ofstream(folder.path() / "catalog.db").close();
  change_behind_the_back(folder, "CREATE TABLE recipes (name TEXT)");
  CHECK(SqliteCatalog::open(folder.path()).error().code == Errc::invalid);

  const TempFolder other;
  std::ofstream(other.path() / "catalog.db") << std::string(8192, 'x');
  CHECK(SqliteCatalog::open(other.path()).error().code == Errc::corrupt);
}

TEST_CASE("a migration runs once, after those before it, and whole or not at all") {
  const TempFolder folder;
  open_catalog(folder).reset();
  const auto database = raw(folder);
  std::vector<const char*> steps(catalog_migrations().begin(), catalog_migrations().end());
  steps.push_back("CREATE TABLE added (n INTEGER) STRICT; INSERT INTO added VALUES (1)");
  REQUIRE_OK(migrate(*database, steps));
  REQUIRE_OK(migrate(*database, steps));
  CHECK(**database->value<int>("SELECT count(*) FROM added") == 1);
  CHECK(check_version(*database, catalog_migrations()).error().code == Errc::unsupported);
  REQUIRE_OK(check_version(*database, steps));

  steps.push_back("INSERT INTO added VALUES (2); INSERT INTO nowhere VALUES (1)");
  CHECK_FALSE(migrate(*database, steps));
  CHECK(**database->value<int>("SELECT count(*) FROM added") == 1);
  CHECK(**database->value<std::size_t>("PRAGMA user_version") == steps.size() - 1);
  CHECK(check_version(*database, steps).error().code == Errc::unsupported);
}

TEST_CASE("records of consent and the ledger can be neither changed nor removed by SQL") {
  const TempFolder folder;
  const CallRows rows;
  {
    const auto catalog = open_catalog(folder);
    rows.book_all(*catalog);
    REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{rows.consent(0, "granted")}}));
  }
  const auto database = raw(folder);
  for (const char* sql : {"UPDATE ledger SET kind = 'note'", "DELETE FROM ledger", "UPDATE consents SET decision = 'x'",
                          "DELETE FROM consents", "DELETE FROM sealed"}) {
    CAPTURE(sql);
    CHECK(database->script(sql).error().code == Errc::conflict);
  }
}

TEST_CASE("verifying the ledger finds what was changed behind its back, and says where") {
  struct Tampering {
    const char* sql;
    const char* finding;
  };
  // The triggers are in the way of accidents, not of whoever has the file.
  const Tampering tamperings[] = {
      {"DROP TRIGGER ledger_stands; UPDATE ledger SET body = '{}' WHERE seq = 2", "at record 2: its hash"},
      {"DROP TRIGGER ledger_stands; UPDATE ledger SET at = at + 1 WHERE seq = 3", "at record 3: its hash"},
      {"DROP TRIGGER ledger_stays; DELETE FROM ledger WHERE seq = 1", "at record 1: the record is missing"},
      {"DROP TRIGGER ledger_stays; DELETE FROM ledger WHERE seq = 2", "at record 2: the record is missing"},
      {"DROP TRIGGER consents_stand; UPDATE consents SET decision = 'denied'", "is not the one that was booked"},
      {"DROP TRIGGER consents_stand; UPDATE consents SET preroll_ms = 9", "is not the one that was booked"},
      {"DROP TRIGGER consents_stand; UPDATE consents SET evidence_ms = 9", "is not the one that was booked"},
      {"DROP TRIGGER consents_stay; DELETE FROM consents", "is missing"},
      {"INSERT INTO consents SELECT n + 1, randomblob(16), call, participant, purpose, decision, signal_type, "
       "signal_value, notice_json, origin, at, media_time, preroll_ms, valid_until, evidence_ms, NULL FROM consents",
       "the catalog holds 2 consent records, the ledger knows of 1"}};
  for (const Tampering& tampering : tamperings) {
    CAPTURE(tampering.sql);
    const TempFolder folder;
    {
      const auto catalog = open_catalog(folder);
      const CallRows rows;
      rows.book_all(*catalog);
      REQUIRE_OK(catalog->book(
          std::vector<Booking>{booking::AddLedger{{LedgerKind::engine_start, at_ms(1), {}, "{}"}},
                               booking::AddLedger{{LedgerKind::gate, at_ms(2), rows.call.id, R"({"to":"open"})"}},
                               booking::AddConsent{rows.consent(0, "granted")}}));
      REQUIRE(catalog->verify_ledger()->head.seq == 3);
    }
    change_behind_the_back(folder, tampering.sql);
    const auto catalog = open_catalog(folder);
    const auto verdict = catalog->verify_ledger();
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().code == Errc::corrupt);
    CHECK_THAT(verdict.error().what, Catch::Contains(tampering.finding));
  }
}

TEST_CASE("a row that this build cannot read is an error, not a guess") {
  const TempFolder folder;
  const CallRows rows;
  {
    const auto catalog = open_catalog(folder);
    rows.book_all(*catalog);
  }
  change_behind_the_back(folder, "UPDATE recordings SET state = 'odd'; UPDATE legs SET place = 1 << 40");
  const auto catalog = open_catalog(folder);
  CHECK(catalog->recording(rows.recording.id).error().code == Errc::corrupt);
  CHECK(catalog->legs(rows.call.id).error().code == Errc::corrupt);
}

TEST_CASE("after a write that failed nothing of the span is there, and nothing more is booked until a restart") {
  const TempFolder folder;
  const CallRows rows;
  auto catalog = open_catalog(folder);
  rows.book_all(*catalog);

  // The kernel refuses to let a file grow beyond the log's size: the next commit's write fails.
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit tight{std::filesystem::file_size(folder.path() / "catalog.db-wal"), before.rlim_max};
  std::vector<Booking> span;
  for (std::uint32_t i = 0; i < 100; ++i) span.emplace_back(booking::AddSegment{rows.segment(0, i)});
  ::setrlimit(RLIMIT_FSIZE, &tight);
  const auto failed = catalog->book(span);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_action);

  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::io);
  CHECK(catalog->segments(rows.recording.id)->empty());
  const Booking one = booking::AddSegment{rows.segment(0, 1)};
  CHECK(catalog->book({&one, 1}).error().code == Errc::io);
  CHECK(catalog->forget_deleted().error().code == Errc::io);

  catalog.reset();
  catalog = open_catalog(folder);
  CHECK(catalog->segments(rows.recording.id)->empty());
  REQUIRE_OK(catalog->book({&one, 1}));
  REQUIRE_OK(catalog->check_integrity());
}
