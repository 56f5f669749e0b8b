#include "engine/journal/journal_writer.h"

#include <numeric>

#include "catch.h"
#include "journal_bench.h"

namespace assent {
namespace {

using test::DiskOp;
using test::final_of;
using test::frame_of;
using test::header_of;
using test::JournalBench;
using test::kJournalFolder;
using test::segment_numbered;

std::filesystem::path file_path(std::uint32_t number) {
  return kJournalFolder / to_text(JournalFileName{ShardId(0), JournalFileNumber(number)});
}

TEST_CASE("pages of many segments become durable with one sync") {
  JournalBench bench;
  for (std::uint32_t i = 1; i <= 20; ++i) bench.seal(header_of(segment_numbered(i)));
  const auto syncs = bench.disk.syncs();
  bench.commit();
  CHECK(bench.durable().size() == 20);
  CHECK(bench.disk.syncs() == syncs + 1);
  CHECK(bench.pool().in_use_pages() == 0);
  for (const DurablePage& page : bench.durable()) CHECK(bench.reads_back(page));
}

TEST_CASE("nothing is written before the interval has passed, and at once when a flush is asked for") {
  JournalBench bench;
  bench.commit();
  const SegmentId segment = segment_numbered(1);
  bench.seal(frame_of(segment, 1));
  CHECK(bench.writer().step(MonoTime(1ms)) == MonoTime(250ms));
  CHECK(bench.durable().empty());
  CHECK(bench.writer().counters().queued_pages == 1);
  bench.writer().flush();
  bench.writer().step(MonoTime(2ms));
  CHECK(bench.is_durable(frame_of(segment, 1)));
}

TEST_CASE("a commit without pages does not sync") {
  JournalBench bench;
  const auto syncs = bench.disk.syncs();
  bench.step_for(2s);
  CHECK(bench.disk.syncs() == syncs);
}

TEST_CASE("more pages than a batch holds go in several batches with one sync") {
  JournalBench bench({.file_pages = 1024});
  bench.seal_frames(segment_numbered(1), 1, 400);
  const auto syncs = bench.disk.syncs();
  bench.commit();
  CHECK(bench.durable().size() == 400);
  CHECK(bench.disk.syncs() == syncs + 1);
  const JournalCounters counters = bench.writer().counters();
  CHECK(counters.batches == 3);
  CHECK(counters.pages == 400);
  CHECK(counters.bytes == 403 * limits::kPageBytes);
  CHECK(counters.commits == 1);
  CHECK(bench.writer().latencies().commit.counts().total() == 1);
}

TEST_CASE("the journal measures what a page's stamps say, when it takes it and when it is durable") {
  JournalBench bench;
  bench.commit();
  bench.seal(frame_of(segment_numbered(1), 1), 8ms);
  bench.commit();  // a commit interval later
  const JournalLatencies& latencies = bench.writer().latencies();
  const auto stands_at = [](const LatencyHistogram& histogram, nanoseconds bound) {
    const auto place = std::find(kLatencyBounds.begin(), kLatencyBounds.end(), bound) - kLatencyBounds.begin();
    return histogram.counts().steps.at(static_cast<std::size_t>(place)) == 1 && histogram.counts().total() == 1;
  };
  CHECK(stands_at(latencies.sealed, 10ms));
  CHECK(stands_at(latencies.taken, 300ms));
  CHECK(stands_at(latencies.durable, 300ms));
}

TEST_CASE("a page that is not durable yet has no latency, and one whose sync failed has all of it") {
  JournalBench bench;
  bench.commit();
  bench.seal(frame_of(segment_numbered(1), 1));
  bench.disk.fail(DiskOp::sync, Errc::io);
  bench.commit();
  CHECK(bench.writer().latencies().durable.counts().total() == 0);
  bench.commit();
  CHECK(bench.writer().latencies().durable.counts().total() == 1);
}

TEST_CASE("a full file is synced before the next one has a byte") {
  JournalBench bench({.file_pages = 8});
  bench.seal_frames(segment_numbered(1), 1, 30);
  bench.disk.fail(DiskOp::sync, Errc::io, 1, 1);  // the second file's
  bench.commit();
  REQUIRE(bench.durable().size() == 7);
  CHECK(bench.durable().back().place().file == 1);
}

TEST_CASE("a short write goes on where it stopped") {
  JournalBench bench;
  bench.seal_frames(segment_numbered(1), 1, 10);
  bench.disk.shorten_next_write(4096 * 3 + 17);
  bench.commit();
  CHECK(bench.durable().size() == 10);
  CHECK(bench.writer().counters().short_writes == 1);
  for (const DurablePage& page : bench.durable()) CHECK(bench.reads_back(page));
  CHECK(bench.scan()->damages().empty());
}

TEST_CASE("a failed write is repeated with the same bytes after a pause") {
  JournalBench bench;
  bench.seal_frames(segment_numbered(1), 1, 10);
  bench.disk.fail(DiskOp::write, Errc::io);
  bench.commit();
  CHECK(bench.durable().empty());
  CHECK_FALSE(bench.writer().health().healthy);
  bench.seal_frames(segment_numbered(1), 11, 12);
  bench.step_for(20ms);
  CHECK(bench.durable().size() < 12);
  bench.step_for(500ms);
  CHECK(bench.durable().size() == 12);
  CHECK(bench.writer().health().healthy);
  CHECK(bench.quarantined().empty());
  CHECK(bench.writer().counters().write_errors == 1);
  CHECK(bench.scan()->damages().empty());
}

TEST_CASE("a full disk keeps the pages until there is room again") {
  JournalBench bench;
  bench.disk.fail(DiskOp::write, Errc::exhausted, 50);
  bench.seal_frames(segment_numbered(1), 1, 10);
  bench.step_for(30s);
  CHECK(bench.durable().empty());
  CHECK(bench.pool().in_use_pages() == 10);
  CHECK_FALSE(bench.writer().health().healthy);
  bench.step_for(60s);
  CHECK(bench.durable().size() == 10);
  CHECK(bench.quarantined().empty());
  CHECK(bench.writer().counters().abandoned_files == 0);
}

TEST_CASE("a file that cannot be written is given up for another") {
  JournalBench bench;
  bench.disk.fail(DiskOp::write, Errc::io, limits::kJournalWriteAttempts);
  bench.seal_frames(segment_numbered(1), 1, 10);
  bench.step_for(5s);
  REQUIRE(bench.durable().size() == 10);
  CHECK(bench.durable().front().place().file == 2);
  CHECK(bench.quarantined() == std::vector{segment_numbered(1)});
}

TEST_CASE("a failed sync is not repeated: the file is abandoned and its unsynced pages are written to another") {
  JournalBench bench;
  bench.seal_frames(segment_numbered(1), 1, 3);
  bench.commit();
  bench.seal_frames(segment_numbered(2), 1, 3);
  bench.seal_frames(segment_numbered(3), 1, 3);
  bench.disk.fail(DiskOp::sync, Errc::io);
  bench.commit();
  CHECK(bench.durable().size() == 3);
  CHECK(bench.quarantined() == std::vector{segment_numbered(2), segment_numbered(3)});
  CHECK(bench.pool().in_use_pages() == 6);

  const auto before = bench.disk.content(file_path(1));
  bench.step_for(1s);
  REQUIRE(bench.durable().size() == 9);
  CHECK((bench.disk.content(file_path(1)) == before));
  for (std::size_t i = 3; i < 9; ++i) {
    CHECK(bench.durable()[i].place().file == 2);
    CHECK(bench.reads_back(bench.durable()[i]));
  }
  CHECK(bench.writer().counters().sync_errors == 1);
}

TEST_CASE("after a failed sync and a power loss every page that was reported durable is there") {
  JournalBench bench;
  bench.seal_frames(segment_numbered(1), 1, 5);
  bench.commit();
  bench.seal_frames(segment_numbered(1), 6, 9);
  bench.disk.fail(DiskOp::sync, Errc::io);
  bench.step_for(1s);
  REQUIRE(bench.durable().size() == 9);
  bench.stop();
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    bench.disk.restart(seed);
    const auto scan = bench.scan();
    REQUIRE(scan);
    for (const DurablePage& page : bench.durable()) {
      const auto found = std::find_if(scan->pages().begin(), scan->pages().end(),
                                      [&](const auto& p) { return p.place() == page.place(); });
      REQUIRE(found != scan->pages().end());
      REQUIRE(bench.reads_back(*found));
    }
  }
}

TEST_CASE("an abandoned file stays until what it held unsynced is durable elsewhere") {
  JournalBench bench;
  bench.seal_frames(segment_numbered(1), 1, 3);
  bench.disk.fail(DiskOp::sync, Errc::io);
  bench.disk.fail(DiskOp::create, Errc::exhausted, 3);
  bench.step_for(20ms);
  CHECK(bench.disk.has_file(file_path(1)));
  bench.step_for(2s);
  CHECK(bench.durable().size() == 3);
  bench.step_for(1s);
  CHECK_FALSE(bench.disk.has_file(file_path(1)));
}

TEST_CASE("a file whose segments are all released is removed, and only then") {
  JournalBench bench({.file_pages = 8});
  bench.seal_frames(segment_numbered(1), 1, 4);
  bench.seal_frames(segment_numbered(2), 1, 6);
  bench.commit();
  REQUIRE(bench.disk.has_file(file_path(2)));
  bench.writer().release(segment_numbered(1));
  bench.step_for(1s);
  CHECK(bench.disk.has_file(file_path(1)));
  bench.writer().release(segment_numbered(2));
  bench.step_for(1s);
  CHECK_FALSE(bench.disk.has_file(file_path(1)));
  CHECK(bench.disk.has_file(file_path(2)));
  CHECK(bench.writer().counters().live_pages == 0);
  REQUIRE(bench.writer().remove_unneeded_files());
  CHECK(bench.disk.names().empty());
}

TEST_CASE("what a removed file held is nowhere on the medium, and no commit waits for all of it") {
  JournalBench bench({.file_pages = 2100, .pool_pages = 4096});  // more than is written over at once
  bench.seal_frames(segment_numbered(1), 1, 2000);
  bench.commit();
  bench.seal_frames(segment_numbered(2), 1, 300);
  bench.commit();
  const auto remembered = [&](std::uint32_t seq) {
    return bench.disk.remembers(ByteView(test::page_content(frame_of(segment_numbered(1), seq))).subspan(8, 64));
  };
  CHECK((remembered(1) && remembered(1000) && remembered(2000)));
  bench.writer().release(segment_numbered(1));
  bench.writer().release(segment_numbered(2));
  bench.step_for(300ms);
  CHECK(bench.disk.has_file(file_path(1)));
  bench.step_for(2s);
  CHECK_FALSE(bench.disk.has_file(file_path(1)));
  for (const std::uint32_t seq : {1U, 2U, 500U, 1000U, 1500U, 2000U}) CHECK_FALSE(remembered(seq));
}

TEST_CASE("a dead file that cannot be written over stays until it can") {
  JournalBench bench({.file_pages = 8});
  bench.seal_frames(segment_numbered(1), 1, 7);
  bench.commit();
  bench.seal_frames(segment_numbered(2), 1, 2);
  bench.commit();
  bench.writer().release(segment_numbered(1));
  bench.disk.fail(DiskOp::blank, Errc::io);
  bench.step_for(300ms);
  CHECK(bench.disk.has_file(file_path(1)));
  CHECK_FALSE(bench.writer().health().healthy);
  bench.step_for(2s);
  CHECK_FALSE(bench.disk.has_file(file_path(1)));
  CHECK_FALSE(bench.disk.remembers(ByteView(test::page_content(frame_of(segment_numbered(1), 3))).subspan(8, 64)));
  CHECK(bench.writer().health().healthy);
}

TEST_CASE("a file that cannot be removed holds up nothing") {
  JournalBench bench({.file_pages = 8});
  bench.disk.fail(DiskOp::remove, Errc::io, 2);
  bench.seal_frames(segment_numbered(1), 1, 7);
  bench.commit();
  bench.writer().release(segment_numbered(1));
  bench.seal_frames(segment_numbered(2), 1, 2);
  bench.step_for(300ms);
  CHECK(bench.is_durable(frame_of(segment_numbered(2), 2)));
  CHECK_FALSE(bench.writer().health().healthy);
  bench.step_for(2s);
  CHECK_FALSE(bench.disk.has_file(file_path(1)));
  CHECK(bench.writer().health().healthy);
}

TEST_CASE("an erased segment leaves nothing in the journal, released or not") {
  JournalBench bench({.file_pages = 16});
  const SegmentId erased = segment_numbered(1);
  const SegmentId kept = segment_numbered(2);
  for (std::uint32_t seq = 1; seq <= 20; ++seq) {
    bench.seal(frame_of(erased, seq));
    bench.seal(frame_of(kept, seq));
  }
  bench.commit();
  if (GENERATE(true, false)) bench.writer().release(erased);

  int answers = 0;
  bench.writer().punch(erased, [&](const Result<void>& done) { answers += done ? 1 : 100; });
  bench.writer().step(MonoTime(1ms));
  CHECK(answers == 1);
  for (const std::uint32_t seed : {1U, 2U}) {
    for (std::uint32_t seq = 1; seq <= 20; ++seq) {
      CHECK_FALSE(bench.disk.contains(ByteView(test::page_content(frame_of(erased, seq))).subspan(8, 64)));
      CHECK_FALSE(bench.disk.remembers(ByteView(test::page_content(frame_of(erased, seq))).subspan(8, 64)));
      CHECK(bench.disk.contains(ByteView(test::page_content(frame_of(kept, seq))).subspan(8, 64)));
    }
    if (seed == 1) bench.disk.restart(seed);
  }
  const auto scan = bench.scan();
  REQUIRE(scan);
  CHECK(scan->pages().size() == 20);
}

TEST_CASE("pages of an erased segment that come late do not get in") {
  JournalBench bench;
  const SegmentId erased = segment_numbered(1);
  bench.writer().punch(erased, nullptr);
  bench.writer().step(MonoTime(1ms));
  bench.seal_frames(erased, 1, 3);
  bench.seal_frames(segment_numbered(2), 1, 1);
  bench.step_for(1s);
  CHECK(bench.durable().size() == 1);
  CHECK(bench.writer().counters().dropped_pages == 3);
  CHECK(bench.pool().in_use_pages() == 0);
}

TEST_CASE("erasing a segment whose pages stand half written takes them out of the batch") {
  JournalBench bench;
  const SegmentId erased = segment_numbered(1);
  const SegmentId kept = segment_numbered(2);
  bench.seal_frames(erased, 1, 4);
  bench.seal_frames(kept, 1, 4);
  bench.disk.shorten_next_write(4096 * 6);
  bench.disk.fail(DiskOp::write, Errc::io, 1, 1);
  bench.commit();
  REQUIRE(bench.durable().empty());
  bool done = false;
  bench.writer().punch(erased, [&](const Result<void>& punched) { done = punched.has_value(); });
  bench.step_for(1s);
  CHECK(done);
  CHECK(bench.durable().size() == 4);
  for (std::uint32_t seq = 1; seq <= 4; ++seq) {
    CHECK(bench.is_durable(frame_of(kept, seq)));
    CHECK_FALSE(bench.disk.contains(ByteView(test::page_content(frame_of(erased, seq))).subspan(8, 64)));
  }
  CHECK(bench.scan()->damages().empty());
}

TEST_CASE("an erasure whose punching fails says so and can be asked for again") {
  JournalBench bench;
  bench.seal_frames(segment_numbered(1), 1, 3);
  bench.commit();
  bench.disk.fail(DiskOp::blank, Errc::io);
  std::vector<bool> answers;
  const auto note = [&](const Result<void>& done) { answers.push_back(done.has_value()); };
  bench.writer().punch(segment_numbered(1), note);
  bench.writer().step(MonoTime(1ms));
  bench.writer().punch(segment_numbered(1), note);
  bench.writer().step(MonoTime(2ms));
  CHECK(answers == std::vector{false, true});
  CHECK_FALSE(bench.disk.contains(ByteView(test::page_content(frame_of(segment_numbered(1), 2))).subspan(8, 64)));
}

TEST_CASE("a journal that cannot make its first file does not start") {
  test::FailingDisk disk;
  JournalOptions options;
  options.folder = "/nowhere";
  const auto writer = JournalWriter::create(disk, options, {});
  REQUIRE_FALSE(writer);
  CHECK(writer.error().code == Errc::not_found);
  options.file_bytes = 4097;
  CHECK(JournalWriter::create(disk, options, {}).error().code == Errc::invalid);
}

TEST_CASE("whatever fails, pages become durable once, in order within the journal, and are what was sealed") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    JournalBench bench({.file_pages = 24});
    bench.disk.fail_by_chance(0.15, seed);
    for (std::uint32_t round = 1; round <= 40; ++round) {
      bench.seal_frames(segment_numbered(round % 5), round * 10, round * 10 + round % 7);
      bench.commit();
    }
    bench.disk.fail_by_chance(0, 1);
    bench.step_for(30s);
    REQUIRE(bench.pool().in_use_pages() == 0);
    std::set<std::pair<SegmentId, std::uint32_t>> seen;
    for (const DurablePage& page : bench.durable()) {
      REQUIRE(seen.emplace(page.segment(), page.seq().value).second);
      REQUIRE(bench.reads_back(page));
    }
    REQUIRE(seen.size() == bench.writer().counters().pages);
    const auto scan = bench.scan();
    REQUIRE(scan);
    for (const DurablePage& page : bench.durable()) {
      REQUIRE(std::any_of(scan->pages().begin(), scan->pages().end(),
                          [&](const auto& found) { return found.place() == page.place(); }));
    }
  }
}

TEST_CASE("on a disk that is nearly full a journal file takes half of what is free above the catalog's part") {
  constexpr std::uint64_t kMiB = 1ULL << 20;
  JournalBench bench({.file_pages = 64 * kMiB / limits::kPageBytes});
  bench.disk.report_free(limits::kDiskFloorBytes + 20 * kMiB);
  bench.stop();
  bench.start(JournalFileNumber(7));
  CHECK(bench.disk.content(file_path(7)).size() == 10 * kMiB);
  // It is used to its end, and the next one is as large as the disk then allows.
  bench.disk.report_free(1000 * kMiB);
  bench.seal_frames(segment_numbered(1), 1, 2600);
  bench.commit();
  CHECK(bench.durable().size() == 2600);
  CHECK(bench.disk.content(file_path(8)).size() == 64 * kMiB);
  for (const DurablePage& page : bench.durable()) CHECK(bench.reads_back(page));
}

TEST_CASE("without room for another file pages wait, and are written when there is") {
  constexpr std::uint64_t kMiB = 1ULL << 20;
  JournalBench bench({.file_pages = 4 * kMiB / limits::kPageBytes});
  bench.disk.report_free(limits::kDiskFloorBytes + 8 * kMiB - 1);
  bench.seal_frames(segment_numbered(1), 1, 1500);  // more than the file that is there holds
  bench.step_for(30s);
  CHECK(bench.durable().size() == 1017);  // the 1,024 pages of the first file, less seven of an index
  CHECK(bench.writer().counters().queued_pages == 1500 - 1017);
  CHECK_FALSE(bench.writer().health().healthy);
  CHECK(bench.writer().health().why.find("the disk is full") != std::string::npos);
  CHECK(bench.writer().counters().abandoned_files == 0);
  CHECK(bench.quarantined().empty());

  bench.disk.report_free(limits::kDiskFloorBytes + 8 * kMiB);
  bench.step_for(5s);
  CHECK(bench.durable().size() == 1500);
  CHECK(bench.writer().health().healthy);
  CHECK(bench.pool().in_use_pages() == 0);
}

}  // namespace
}  // namespace assent
