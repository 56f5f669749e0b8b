// Who hears of a lapse: people at once, the ledger when it can be written.
#include "pipelines/lease_watch.h"

#include <condition_variable>
#include <mutex>

#include "catch.h"
#include "tests/engine/catalog/scripted_catalog.h"
#include "tests/pipelines/wait_until.h"

using namespace assent;
using namespace assent::test;

namespace {

struct Told {
  std::mutex mutex;
  std::vector<std::string> lines;
  LeaseWatch::Tell tell() {
    return [this](const std::string& line) {
      const std::lock_guard lock(mutex);
      lines.push_back(line);
    };
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return lines.size();
  }
};

// A catalog whose disk works or does not, and what the ledger got.
struct Disk {
  ScriptedCatalog catalog;
  std::atomic<bool> works{true};
  std::mutex mutex;
  std::vector<std::string> ledger;

  Disk() {
    catalog.on_book = [this](std::span<const Booking> span) -> Result<void> {
      if (!works) return error(Errc::unavailable, "the disk is full");
      const std::lock_guard lock(mutex);
      for (const Booking& one : span) {
        const auto* add = std::get_if<booking::AddLedger>(&one);
        if (add != nullptr) ledger.push_back(std::string(name_of(add->entry.kind)) + " " + add->entry.body_json);
      }
      return {};
    };
  }
  std::vector<std::string> recorded() {
    const std::lock_guard lock(mutex);
    return ledger;
  }
};

std::vector<Booking> something() { return {booking::AddLedger{{LedgerKind::note, WallTime(), {}, "{}"}}}; }

}  // namespace

TEST_CASE("a lapse is told when it begins and when it ends, and then put on record") {
  Disk disk;
  Told told;
  CatalogWriter writer(disk.catalog);
  REQUIRE(writer.book_and_wait(something()));
  LeaseWatch watch(writer, told.tell());
  disk.works = false;
  CHECK_FALSE(writer.book_and_wait(something()));
  writer.lease().set_length(1ns);
  writer.lease().note_lapse(WallTime(1'700'000'000s));  // as a shard does
  wait_until([&] { return told.count() == 1; });
  CHECK(told.lines[0].find("open gates are suspended") != std::string::npos);
  CHECK(told.lines[0].find("the disk is full") != std::string::npos);
  CHECK(disk.recorded().size() == 1);

  disk.works = true;
  REQUIRE(writer.book_and_wait(something()));
  writer.lease().set_length(1h);
  wait_until([&] { return disk.recorded().size() == 3; });
  CHECK(told.count() == 2);
  CHECK(told.lines[1].find("open again") != std::string::npos);
  CHECK(disk.recorded()[2].find("gate {\"from\":\"2023-11-14T22:13:20.000Z\",\"gates\":\"suspended\",\"to\":") == 0);
  CHECK_FALSE(writer.lease().lapsed_at());
}

TEST_CASE("a record of a lapse that fails is made again until it is on disk, once") {
  Disk disk;
  Told told;
  CatalogWriter writer(disk.catalog);
  REQUIRE(writer.book_and_wait(something()));
  LeaseWatch watch(writer, told.tell());
  disk.works = false;
  writer.lease().note_lapse(WallTime(1'700'000'000s));  // over by the time it is looked at
  wait_until([&] { return writer.counts().failed >= 2; });
  disk.works = true;
  wait_until([&] { return disk.recorded().size() == 2; });
  const auto tried = writer.counts().submissions;
  REQUIRE(writer.book_and_wait(something()));
  wait_until([&] { return writer.counts().submissions > tried; });
  CHECK(disk.recorded().size() == 3);
}

TEST_CASE("a lapse that goes on when the engine stops is on record before its end, if the disk lets it") {
  Disk disk;
  Told told;
  CatalogWriter writer(disk.catalog);
  REQUIRE(writer.book_and_wait(something()));
  {
    LeaseWatch watch(writer, told.tell());
    writer.lease().set_length(1ns);
    writer.lease().note_lapse(WallTime(1'700'000'000s));
    wait_until([&] { return told.count() == 1; });
  }
  REQUIRE(writer.book_and_wait({booking::AddLedger{{LedgerKind::engine_stop, WallTime(), {}, "{}"}}}));
  const auto ledger = disk.recorded();
  REQUIRE(ledger.size() == 3);
  CHECK(ledger[1].find("gate {") == 0);
  CHECK(ledger[2].find("engine_stop") == 0);
}
