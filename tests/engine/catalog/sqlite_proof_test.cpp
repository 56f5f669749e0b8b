// That a commit proves something: whatever is booked, the file's log is written.
#include "sealed_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

std::uintmax_t log_bytes(const TempFolder& folder) {
  return std::filesystem::file_size(folder.path() / "catalog.db-wal");
}

// Bytes that booking these writes to the log, from an empty one.
std::uintmax_t written_by(SealedCatalog& sealed, const TempFolder& folder, const std::vector<Booking>& bookings) {
  REQUIRE_OK(sealed.catalog->forget_deleted());
  REQUIRE(log_bytes(folder) == 0);
  sealed.book(bookings);
  return log_bytes(folder);
}

}  // namespace

TEST_CASE("a proof is written to the file every time, and nothing grows by it") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  const auto head = sealed.catalog->kept_head();
  REQUIRE_OK(head);
  REQUIRE_OK(sealed.catalog->forget_deleted());
  const auto size = std::filesystem::file_size(folder.path() / "catalog.db");
  for (int i = 0; i < 3; ++i) {
    const auto written = written_by(sealed, folder, {booking::ProveLedger{}});
    CHECK(written > 0);
    CHECK(written <= 3 * 4200);  // a page or two, with their heads
  }
  REQUIRE_OK(sealed.catalog->forget_deleted());
  CHECK(std::filesystem::file_size(folder.path() / "catalog.db") == size);
  const auto after = sealed.catalog->kept_head();
  REQUIRE_OK(after);
  CHECK((*after)->head == (*head)->head);
  const auto verified = sealed.catalog->verify_ledger();
  REQUIRE_OK(verified);
  CHECK(verified->end == LedgerReport::End::proven);
}

TEST_CASE("what has no effect is written, too, so that every commit proves that the file can be") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  sealed.book({booking::AddLedger{{LedgerKind::note, at_ms(1), {}, "{}"}}});
  sealed.book({booking::AddCheckpoint{at_ms(2)}});
  CHECK(written_by(sealed, folder, {booking::AddCheckpoint{at_ms(3)}}) > 0);  // nothing new to sign
  CHECK(written_by(sealed, folder, {booking::RemoveSegment{new_id<SegmentId>(at_ms(4))}}) > 0);
}

TEST_CASE("a proof needs the ledger to end where it was left") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  sealed.book({booking::AddLedger{{LedgerKind::note, at_ms(1), {}, "{}"}}});
  auto other = SqliteDatabase::open((folder.path() / "catalog.db").string(), SqliteDatabase::Access::write);
  REQUIRE_OK(other);
  REQUIRE_OK(
      (*other)->script("DROP TRIGGER ledger_stays; DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)"));
  const std::vector<Booking> proof{booking::ProveLedger{}};
  const auto done = sealed.catalog->book(proof);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::corrupt);
}
