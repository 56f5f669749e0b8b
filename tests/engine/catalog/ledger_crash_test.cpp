// A crash at any moment, as the file system may leave it: SQLite's log ends anywhere, and what follows the last sync
// may be anything. SQLite commits a transaction whole or not at all (each frame of the log has a checksum over all
// before it), so the ledger needs no repair of its own; this is the test of that.
//
// POINTS is how many crashes are tried, SEED which.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "crypto/file_root_key.h"
#include "sealed_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

unsigned long from_environment(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

void write_whole(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// What an engine wrote, and where in the log each commit that it was told of ends.
struct History {
  struct Commit {
    std::size_t log_bytes;
    std::uint64_t records;
  };
  std::string root_key, database, log;
  std::vector<Commit> commits;

  History(std::mt19937& random, std::size_t count) {
    const TempFolder folder;
    SealedCatalog sealed(folder, 25);
    const CallRows rows;
    rows.book_all(*sealed.catalog);
    REQUIRE_OK(sealed.catalog->forget_deleted());  // all of that is in the database, and the log is empty
    commits.push_back({0, sealed.catalog->ledger_counts().records});
    while (commits.size() <= count) {
      std::vector<Booking> bookings;
      for (auto left = 1 + random() % 4; left != 0; --left) bookings.push_back(some_booking(random, rows));
      sealed.book(bookings);
      commits.push_back({read_whole(folder.path() / "catalog.db-wal").size(), sealed.catalog->ledger_counts().records});
    }
    root_key = read_whole(folder.path() / "root.key");
    database = read_whole(folder.path() / "catalog.db");
    log = read_whole(folder.path() / "catalog.db-wal");
    REQUIRE(log.size() == commits.back().log_bytes);  // it never began anew, so each commit is still where it was
  }

  static Booking some_booking(std::mt19937& random, const CallRows& rows) {
    switch (random() % 4) {
      case 0: return booking::AddCheckpoint{at_ms(1)};
      case 1:
        return booking::AddLedger{
            {LedgerKind::note, at_ms(1), {}, R"({"text":")" + std::string(random() % 3000, 'x') + "\"}"}};
      default: return booking::AddConsent{rows.consent(random() % 2, "granted")};
    }
  }
};

// The folder as the crash left it: the log up to `cut`, and what the disk may have there instead of the rest.
enum class Rest { nothing, zeros, noise, as_written_later };

// How much of the log is as it was written: a missing sector may have been zeros.
std::size_t leave(const History& history, std::size_t cut, Rest rest, std::mt19937& random, const TempFolder& folder) {
  std::string log = history.log.substr(0, cut);
  const std::size_t more = std::min<std::size_t>(history.log.size() - cut, random() % 20000);
  if (rest == Rest::zeros) log.append(more, '\0');
  if (rest == Rest::noise) {
    for (std::size_t i = 0; i < more; ++i) log.push_back(static_cast<char>(random()));
  }
  if (rest == Rest::as_written_later && more > 512) {  // a sector is missing, and what was written after it is there
    log.append(512, '\0').append(history.log.substr(cut + 512, more - 512));
  }
  write_whole(folder.path() / "root.key", history.root_key);
  REQUIRE(::chmod((folder.path() / "root.key").c_str(), 0600) == 0);
  write_whole(folder.path() / "catalog.db", history.database);
  write_whole(folder.path() / "catalog.db-wal", log);
  const auto differ = std::mismatch(log.begin(), log.end(), history.log.begin(), history.log.end());
  return static_cast<std::size_t>(differ.first - log.begin());
}

}  // namespace

TEST_CASE("a crash anywhere leaves a whole ledger with every record whose commit was reported") {
  const unsigned long points = from_environment("POINTS", 200);
  const unsigned long seed = from_environment("SEED", 1);
  CAPTURE(seed);
  std::mt19937 random(static_cast<unsigned>(seed));
  std::optional<History> history;
  std::size_t torn = 0;
  for (unsigned long point = 0; point < points; ++point) {
    if (point % 100 == 0) history.emplace(random, 40);
    const std::size_t cut = random() % (history->log.size() + 1);
    const Rest rest = static_cast<Rest>(random() % 4);
    CAPTURE(point, cut, static_cast<int>(rest));
    const TempFolder folder;
    const std::size_t sound = leave(*history, cut, rest, random, folder);
    const auto next = std::find_if(history->commits.begin(), history->commits.end(),
                                   [&](const History::Commit& commit) { return commit.log_bytes > sound; });
    const History::Commit& durable = *std::prev(next);
    torn += durable.log_bytes != sound ? 1 : 0;

    SealedCatalog sealed(folder, 25);
    const auto report = sealed.catalog->verify_ledger();
    REQUIRE_OK(report);
    REQUIRE(report->head.seq == durable.records);
    REQUIRE(report->end == LedgerReport::End::proven);
    // And it goes on from there.
    sealed.book({booking::AddLedger{{LedgerKind::recovery, at_ms(2), {}, "{}"}}});
    REQUIRE_OK(sealed.catalog->verify_ledger());
  }
  CHECK(torn > points / 2);
}
