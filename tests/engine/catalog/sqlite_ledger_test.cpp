#include "catalog_rows.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/ledger_keys.h"
#include "sealed_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

const Booking kNote = booking::AddLedger{{LedgerKind::note, at_ms(1), {}, "{}"}};
const Booking kCheckpoint = booking::AddCheckpoint{at_ms(2)};

std::vector<std::string> kinds_of(SqliteCatalog& catalog) {
  std::vector<std::string> kinds;
  REQUIRE_OK(catalog.walk_ledger([&](const LedgerRow& row) -> Result<void> {
    kinds.push_back(row.kind);
    return {};
  }));
  return kinds;
}

void change_behind_the_back(const TempFolder& folder, const std::string& sql) {
  auto database = SqliteDatabase::open((folder.path() / "catalog.db").string(), SqliteDatabase::Access::write);
  REQUIRE_OK(database);
  REQUIRE_OK((*database)->script(
      ("DROP TRIGGER IF EXISTS ledger_stands; DROP TRIGGER IF EXISTS ledger_stays;" + sql).c_str()));
}

std::string verdict_on(SealedCatalog& sealed, const std::optional<LedgerHead>& noted = {}) {
  const auto report = sealed.catalog->verify_ledger(noted);
  if (report) return "whole";
  CHECK(report.error().code == Errc::corrupt);
  return report.error().what;
}

}  // namespace

TEST_CASE("a ledger begins with its key, and its end is proven after every booking") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  CHECK(kinds_of(*sealed.catalog) == std::vector<std::string>{"ledger_key"});
  for (std::uint64_t records = 2; records < 5; ++records) {
    sealed.book({kNote});
    const auto report = sealed.catalog->verify_ledger();
    REQUIRE_OK(report);
    CHECK(report->head.seq == records);
    CHECK(report->end == LedgerReport::End::proven);
    CHECK(report->public_key == sealed.seal->public_key());
  }
}

TEST_CASE("a checkpoint is signed when it is asked for, and not twice for the same record") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  sealed.book({kNote, kCheckpoint});
  sealed.book({kCheckpoint});
  CHECK(kinds_of(*sealed.catalog) == std::vector<std::string>{"ledger_key", "note", "checkpoint"});
  sealed.book({kNote});
  sealed.book({kCheckpoint, kCheckpoint});
  const auto report = sealed.catalog->verify_ledger();
  REQUIRE_OK(report);
  CHECK(report->checkpoints == 2);
  CHECK(report->last_checkpoint == 5);
  CHECK(report->last_checkpoint_at == at_ms(2));
}

TEST_CASE("a checkpoint comes by itself after so many records, within one booking and over many") {
  const TempFolder folder;
  SealedCatalog sealed(folder, 3);
  sealed.book(std::vector<Booking>(4, kNote));
  for (int i = 0; i < 4; ++i) sealed.book({kNote});
  CHECK(kinds_of(*sealed.catalog) == std::vector<std::string>{"ledger_key", "note", "note", "checkpoint", "note",
                                                              "note", "note", "checkpoint", "note", "note", "note",
                                                              "checkpoint"});
  CHECK(verdict_on(sealed) == "whole");
}

TEST_CASE("a ledger that was begun without a key gets one, and what was there is signed from then on") {
  const TempFolder folder;
  {
    const auto catalog = open_catalog(folder);
    REQUIRE_OK(catalog->book(std::vector<Booking>(3, kNote)));
    const auto report = catalog->verify_ledger();
    REQUIRE_OK(report);
    CHECK_FALSE(report->public_key);
    CHECK(catalog->book({&kCheckpoint, 1}).error().code == Errc::unsupported);
  }
  SealedCatalog sealed(folder);
  CHECK(kinds_of(*sealed.catalog) == std::vector<std::string>{"note", "note", "note", "ledger_key"});
  CHECK(verdict_on(sealed) == "whole");
}

TEST_CASE("a sealed ledger takes nothing without its key") {
  const TempFolder folder;
  { const SealedCatalog sealed(folder); }
  const auto catalog = open_catalog(folder);
  const auto refused = catalog->book({&kNote, 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unsupported);
  CHECK(catalog->verify_ledger()->head.seq == 1);
}

TEST_CASE("the next key takes over in one booking, and the one before is gone") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  sealed.book({kNote, kCheckpoint});
  const KeyId before = sealed.seal->key();
  sealed.rotate();
  CHECK(sealed.seal->key() != before);
  CHECK_FALSE(sealed.catalog->key(before)->has_value());
  sealed.book({kNote, kCheckpoint});
  const auto report = sealed.catalog->verify_ledger();
  REQUIRE_OK(report);
  CHECK(report->public_key == sealed.seal->public_key());
  CHECK(report->checkpoints == 2);
  sealed.reopen();
  sealed.book({kNote});
  CHECK(verdict_on(sealed) == "whole");
}

TEST_CASE("a booking that fails leaves the ledger's end where it was") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  sealed.book({kNote});
  const std::vector<Booking> bad{kNote, kCheckpoint, booking::SetLegCodec{LegId{}, "x"}};
  CHECK(sealed.catalog->book(bad).error().code == Errc::not_found);
  CHECK(verdict_on(sealed) == "whole");
  sealed.book({kNote});
  CHECK(kinds_of(*sealed.catalog).size() == 3);
  CHECK(verdict_on(sealed) == "whole");
}

TEST_CASE("whatever is done to the file, the sealed ledger says where") {
  struct Tampering {
    const char* sql;
    const char* finding;
  };
  // Records: 1 the key, 2 to 4 notes, 5 a checkpoint, 6 and 7 notes.
  const Tampering tamperings[] = {
      {"UPDATE ledger SET body = '{\"a\":1}' WHERE seq = 3", "at record 3: its hash"},
      {"UPDATE ledger SET body = body || ' ' WHERE seq = 3", "at record 3: its body"},
      {"UPDATE ledger SET body = CAST(x'7b7dff' AS TEXT) WHERE seq = 3", "at record 3: its body"},
      {"UPDATE ledger SET kind = 'pause' WHERE seq = 2", "at record 2: its hash"},
      {"UPDATE ledger SET kind = '' WHERE seq = 2", "at record 2: its kind"},
      {"UPDATE ledger SET at = -at WHERE seq = 6", "at record 6: its hash"},
      {"UPDATE ledger SET call = zeroblob(16) WHERE seq = 6", "at record 6: its hash"},
      {"UPDATE ledger SET call = x'01' WHERE seq = 6", "at record 6: it cannot be read"},
      {"UPDATE ledger SET hash = randomblob(32) WHERE seq = 7", "at record 7: its hash"},
      {"UPDATE ledger SET seq = 70 WHERE seq = 4", "at record 4: the record is missing"},
      {"UPDATE ledger SET seq = -4 WHERE seq = 4", "at record 1: the record is missing"},
      {"INSERT INTO ledger SELECT 0, at, kind, call, body, hash FROM ledger WHERE seq = 3",
       "at record 0: the record is out"},
      {"INSERT INTO ledger SELECT 8, at, kind, call, body, hash FROM ledger WHERE seq = 7", "at record 8: its hash"},
      {"DELETE FROM ledger WHERE seq = 1", "at record 1: the record is missing"},
      {"DELETE FROM ledger WHERE seq = 5", "at record 5: the record is missing"},
      {"DELETE FROM ledger WHERE seq = 7", "at record 7: it is missing, and so is all up to record 7"},
      {"DELETE FROM ledger WHERE seq >= 5", "at record 5: it is missing, and so is all up to record 7"},
      {"DELETE FROM ledger", "at record 1: it is missing, and so is all up to record 7"},
      {"DELETE FROM ledger WHERE seq >= 5; UPDATE ledger_head SET seq = 4, hash = (SELECT hash FROM ledger WHERE seq = "
       "4), "
       "checkpoint = 0",
       "is not authentic"},
      {"DELETE FROM ledger; DELETE FROM ledger_head", "kept of its end is missing"},
      {"DELETE FROM ledger_head", "kept of its end is missing"},
      {"UPDATE ledger_head SET checkpoint = 0", "is not authentic"},
      {"UPDATE ledger SET seq = -1 WHERE seq = 2; UPDATE ledger SET seq = 2 WHERE seq = 3; UPDATE ledger SET seq = 3 "
       "WHERE "
       "seq = -1",
       "at record 2: its hash"}};
  for (const Tampering& tampering : tamperings) {
    CAPTURE(tampering.sql);
    const TempFolder folder;
    SealedCatalog sealed(folder);
    // Notes that differ, or two of them could change places unseen.
    for (int i = 2; i <= 7; ++i) {
      sealed.book({i == 5 ? kCheckpoint
                          : Booking(booking::AddLedger{
                                {LedgerKind::note, at_ms(i), {}, R"({"n":)" + std::to_string(i) + "}"}})});
    }
    REQUIRE(verdict_on(sealed) == "whole");
    sealed.close();
    change_behind_the_back(folder, tampering.sql);
    sealed.reopen();
    CHECK_THAT(verdict_on(sealed), Catch::Contains(tampering.finding));
  }
}

TEST_CASE("a ledger whose end was cut off is not written to, so that nothing covers up the cut") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  sealed.book({kNote, kNote, kCheckpoint, kNote});
  sealed.close();
  change_behind_the_back(folder, "DELETE FROM ledger WHERE seq = 5");
  sealed.reopen();
  const auto refused = sealed.catalog->book({&kNote, 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::corrupt);
  CHECK_THAT(refused.error().what, Catch::Contains("nothing more is added"));
  CHECK_THAT(verdict_on(sealed), Catch::Contains("at record 5: it is missing"));
}

TEST_CASE("a file put back as it was is found by the head that was noted") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  sealed.book({kNote});
  sealed.close();
  const std::string earlier = read_whole(folder.path() / "catalog.db");
  sealed.reopen();
  sealed.book({kNote, kNote});
  const LedgerHead noted = sealed.catalog->verify_ledger()->head;
  CHECK(verdict_on(sealed, noted) == "whole");
  sealed.book({kNote});
  CHECK(verdict_on(sealed, noted) == "whole");  // it may have grown since
  sealed.close();
  std::ofstream(folder.path() / "catalog.db", std::ios::binary) << earlier;
  sealed.reopen();
  CHECK(verdict_on(sealed) == "whole");
  CHECK_THAT(verdict_on(sealed, noted), Catch::Contains("at record 3: it is missing"));
}

TEST_CASE("a long ledger is walked in several steps, consents beside it") {
  const TempFolder folder;
  SealedCatalog sealed(folder, 7000);
  const CallRows rows;
  rows.book_all(*sealed.catalog);
  std::vector<Booking> many;
  for (std::size_t i = 0; i < limits::kLedgerStepRows + limits::kLedgerStepRows / 2; ++i) {
    many.push_back(i % 20 != 0 ? kNote : Booking(booking::AddConsent{rows.consent(i % 40 / 20, "granted")}));
  }
  sealed.book(many);
  const auto report = sealed.catalog->verify_ledger();
  REQUIRE_OK(report);
  CHECK(report->head.seq == 1 + many.size() + 4);
  CHECK(report->checkpoints == 4);
  std::uint64_t walked = 0;
  REQUIRE_OK(sealed.catalog->walk_ledger([&](const LedgerRow& row) -> Result<void> {
    return row.seq == ++walked ? Result<void>() : error(Errc::corrupt, "out of order");
  }));
  CHECK(walked == report->head.seq);
  CHECK(sealed.catalog->walk_ledger([](const LedgerRow&) -> Result<void> { return error(Errc::io, "enough"); })
            .error()
            .code == Errc::io);
}
