#include "engine/journal/journal_scan.h"

#include <algorithm>
#include <random>

#include "catch.h"
#include "journal_bench.h"

namespace assent {
namespace {

using test::entry_of;
using test::frame_of;
using test::JournalBench;
using test::kJournalFolder;
using test::segment_numbered;

constexpr std::size_t kPage = limits::kPageBytes;

std::filesystem::path file_path(std::uint32_t number) {
  return kJournalFolder / to_text(JournalFileName{ShardId(0), JournalFileNumber(number)});
}

bool reports(const JournalScan& scan, JournalDamageKind kind, JournalPlace place) {
  return std::any_of(scan.damages().begin(), scan.damages().end(),
                     [&](const auto& damage) { return damage.kind == kind && damage.place == place; });
}

// Three batches of four pages in file 1: index pages are pages 0, 5 and 10.
void write_three_batches(JournalBench& bench) {
  for (std::uint32_t batch = 0; batch < 3; ++batch) {
    bench.seal_frames(segment_numbered(batch + 1), 1, 4);
    bench.commit();
  }
  bench.stop();
}

void change_page(JournalBench& bench, std::size_t page, const std::function<void(ByteSpan)>& change) {
  Bytes content = bench.disk.content(file_path(1));
  change(ByteSpan(content).subspan(page * kPage, kPage));
  bench.disk.set_content(file_path(1), std::move(content));
}

void blank(ByteSpan page) { std::fill(page.begin(), page.end(), std::uint8_t{0}); }

TEST_CASE("a clean journal yields every page in order of batch, and what comes next") {
  JournalBench bench({.file_pages = 12});
  write_three_batches(bench);
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->damages().empty());
  REQUIRE(scan->pages().size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(entry_of(scan->pages()[i]) == entry_of(bench.durable()[i]));
    CHECK(scan->pages()[i].place() == bench.durable()[i].place());
  }
  CHECK(scan->files().size() == 2);
  CHECK(scan->next_file() == JournalFileNumber(3));
  CHECK(scan->next_batch().value >= 4);
}

TEST_CASE("an empty folder scans as an empty journal") {
  test::FailingDisk disk;
  REQUIRE(disk.make_folder(kJournalFolder));
  const auto scan = JournalScan::run(disk, kJournalFolder, ShardId(0));
  REQUIRE(scan);
  CHECK(scan->pages().empty());
  CHECK(scan->next_file() == JournalFileNumber(1));
  CHECK(scan->next_batch() == BatchNumber(1));
}

TEST_CASE("the shards that have files are found by their names, whatever else lies there") {
  test::FailingDisk disk;
  REQUIRE(disk.make_folder(kJournalFolder));
  CHECK(journal_shards(disk, kJournalFolder)->empty());
  for (const char* name :
       {"journal-10-000001.log", "journal-2-000009.log", "journal-2-000003.log", "journal-x-1.log"}) {
    REQUIRE(disk.create(kJournalFolder / name));
  }
  CHECK(*journal_shards(disk, kJournalFolder) == std::vector<ShardId>{ShardId(2), ShardId(10)});
}

TEST_CASE("files of another shard and other names are left alone") {
  JournalBench bench;
  write_three_batches(bench);
  REQUIRE(bench.disk.create(kJournalFolder / "journal-1-000009.log"));
  REQUIRE(bench.disk.create(kJournalFolder / "notes.txt"));
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->files() == std::vector{JournalFileNumber(1)});
}

TEST_CASE("behind a torn index page nothing of the file is believed, and what is left out is reported") {
  JournalBench bench;
  write_three_batches(bench);
  change_page(bench, 5, [](ByteSpan page) { page[100] ^= 1; });
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->pages().size() == 4);
  CHECK(reports(*scan, JournalDamageKind::torn_index, {1, 5}));
  CHECK(reports(*scan, JournalDamageKind::ignored_batches, {1, 10}));
}

TEST_CASE("a blank index page ends the belief like a torn one") {
  JournalBench bench;
  write_three_batches(bench);
  change_page(bench, 5, blank);
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->pages().size() == 4);
  CHECK(reports(*scan, JournalDamageKind::ignored_batches, {1, 10}));
}

TEST_CASE("a repeated batch is not believed") {
  JournalBench bench;
  write_three_batches(bench);
  Bytes content = bench.disk.content(file_path(1));
  std::copy_n(content.begin() + 10 * kPage, 5 * kPage, content.begin() + 15 * kPage);
  bench.disk.set_content(file_path(1), std::move(content));
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->pages().size() == 12);
  CHECK(reports(*scan, JournalDamageKind::stale_batch, {1, 15}));
}

TEST_CASE("a copied file is not believed, and a missing one is no damage") {
  JournalBench bench({.file_pages = 6});
  write_three_batches(bench);
  SECTION("copied") {
    REQUIRE(bench.disk.create(file_path(9)));
    bench.disk.set_content(file_path(9), bench.disk.content(file_path(2)));
    const auto scan = bench.scan();
    REQUIRE(scan);
    CHECK(scan->pages().size() == 12);
    CHECK(reports(*scan, JournalDamageKind::stale_batch, {9, 0}));
  }
  SECTION("missing") {
    REQUIRE(bench.disk.remove(file_path(2)));
    const auto scan = bench.scan();
    REQUIRE(scan);
    CHECK(scan->pages().size() == 8);
    CHECK(scan->damages().empty());
  }
}

TEST_CASE("a data page that is blank or another's is reported and not yielded; its neighbours are") {
  JournalBench bench;
  write_three_batches(bench);
  change_page(bench, 7, blank);
  change_page(bench, 8, [](ByteSpan page) { page[3] ^= 0x40; });
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->pages().size() == 10);
  CHECK(reports(*scan, JournalDamageKind::blank_page, {1, 7}));
  CHECK(reports(*scan, JournalDamageKind::foreign_page, {1, 8}));
}

TEST_CASE("a file that ends within a batch yields the pages that are there") {
  JournalBench bench;
  write_three_batches(bench);
  Bytes content = bench.disk.content(file_path(1));
  content.resize(12 * kPage + 100);
  bench.disk.set_content(file_path(1), std::move(content));
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->pages().size() == 9);
  CHECK(reports(*scan, JournalDamageKind::cut_short, {1, 12}));
}

TEST_CASE("an index page of another shard is not believed") {
  JournalBench bench;
  write_three_batches(bench);
  change_page(bench, 5, [](ByteSpan page) {
    encode_index({BatchNumber(2), ShardId(7), {frame_of(segment_numbered(2), 1)}}, PageSpan(page.data(), kPage));
  });
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->pages().size() == 4);
  CHECK(reports(*scan, JournalDamageKind::stale_batch, {1, 5}));
}

TEST_CASE("a journal goes on after a restart with files and batches behind the old ones") {
  JournalBench bench;
  write_three_batches(bench);
  const auto before = bench.scan();
  REQUIRE(before);
  bench.start(before->next_file(), before->next_batch());
  bench.seal_frames(segment_numbered(9), 1, 2);
  bench.commit();
  bench.stop();
  const auto after = bench.scan();
  REQUIRE(after);
  CHECK(after->damages().empty());
  CHECK(after->pages().size() == 14);
}

TEST_CASE("journal files are removed for good") {
  JournalBench bench({.file_pages = 6});
  write_three_batches(bench);
  const auto scan = bench.scan();
  REQUIRE(scan);
  REQUIRE(remove_journal_files(bench.disk, kJournalFolder, ShardId(0), scan->files()));
  bench.disk.restart(1);
  CHECK(bench.disk.names().empty());
  CHECK(remove_journal_files(bench.disk, kJournalFolder, ShardId(0), scan->files()));
}

// ---- power loss and damaged tails -----------------------------------------------------------------------------------

// Seals and commits at random until the power goes.
void run_until_power_loss(JournalBench& bench, std::mt19937& random,
                          std::set<std::pair<SegmentId, std::uint32_t>>& sealed) {
  bench.disk.cut_power_after(5 + random() % 60);
  for (std::uint32_t seq = 1; bench.disk.has_power() && seq < 300; ++seq) {
    const SegmentId segment = segment_numbered(random() % 4);
    sealed.emplace(segment, seq);
    bench.seal(frame_of(segment, seq));
    if (random() % 6 == 0) bench.commit();
  }
  bench.stop();
}

void check_scan(JournalBench& bench, const std::set<std::pair<SegmentId, std::uint32_t>>& sealed) {
  const auto scan = bench.scan();
  REQUIRE(scan);
  std::set<JournalPlace> yielded;
  for (const DurablePage& page : scan->pages()) yielded.insert(page.place());
  const auto there = [&](const DurablePage& page) {
    return yielded.count(page.place()) == 1 && bench.reads_back(page);
  };
  REQUIRE(std::all_of(bench.durable().begin(), bench.durable().end(), there));
  const auto known = [&](const DurablePage& page) { return sealed.count({page.segment(), page.seq().value}) == 1; };
  REQUIRE(std::all_of(scan->pages().begin(), scan->pages().end(), known));
}

TEST_CASE("after a power loss at any moment every durable page is yielded and nothing that was never sealed") {
  for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    JournalBench bench({.file_pages = 20, .pool_pages = 512});
    std::set<std::pair<SegmentId, std::uint32_t>> sealed;
    run_until_power_loss(bench, random, sealed);
    bench.disk.restart(seed);
    check_scan(bench, sealed);
  }
}

// Damages what lies behind the last durable page of the last file.
void damage_tail(JournalBench& bench, std::mt19937& random) {
  const JournalPlace last = bench.durable().back().place();
  Bytes content = bench.disk.content(file_path(last.file));
  const std::size_t end = static_cast<std::size_t>(last.offset_bytes()) + kPage;
  const std::size_t tail = content.size() - end;
  if (tail == 0) return;
  const std::size_t at = end + random() % tail;
  switch (random() % 5) {
    case 0: content.resize(at); break;
    case 1: std::fill(content.begin() + static_cast<std::ptrdiff_t>(at), content.end(), std::uint8_t{0}); break;
    case 2:
      for (std::size_t i = at; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(random());
      break;
    case 3: {  // the last batches again, behind themselves
      const std::size_t pages = std::min(end / kPage, tail / kPage);
      std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(end - pages * kPage), pages * kPage,
                  content.begin() + static_cast<std::ptrdiff_t>(end));
      break;
    }
    default: content.insert(content.end(), content.begin(), content.begin() + static_cast<std::ptrdiff_t>(end)); break;
  }
  bench.disk.set_content(file_path(last.file), std::move(content));
}

TEST_CASE("torn, zeroed, scrambled and repeated tails take no durable page and add none") {
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    JournalBench bench({.file_pages = 40, .pool_pages = 512});
    std::set<std::pair<SegmentId, std::uint32_t>> sealed;
    run_until_power_loss(bench, random, sealed);
    bench.disk.restart(seed);
    if (bench.durable().empty()) continue;
    damage_tail(bench, random);
    check_scan(bench, sealed);
  }
}

}  // namespace
}  // namespace assent
