#include "engine/store/settler.h"

#include <algorithm>
#include <random>

#include "catch.h"
#include "store_bench.h"

namespace assent {
namespace {

using test::DiskOp;
using test::SealedSegment;
using test::StoreBench;

std::filesystem::path path_of(const SegmentRow& row) { return std::filesystem::path("/state/segments") / row.object; }

std::size_t packets_in(const SealedSegment& segment) { return (segment.final_seq() - 2) * test::kPacketsPerFrame; }

TEST_CASE("a finished segment becomes one object, is booked, and frees its journal pages") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 10);
  bench.record(segment);
  bench.run_for(600ms);
  REQUIRE(bench.rows().size() == 1);
  const SegmentRow row = bench.rows().front();
  CHECK(row.id == segment.info.segment);
  CHECK(row.state == SegmentState::stored);
  CHECK(row.object == "2023-11-14/" + to_text(bench.call().id) + '/' + to_text(segment.info.leg) + "-0001.assent");
  CHECK(row.frames == 12);
  CHECK(row.started == segment.info.started);
  CHECK(row.ended == segment.ended);
  CHECK((bench.disk.content(path_of(row)) == segment.object()));
  CHECK(row.size_bytes == segment.object().size());
  CHECK(bench.verify(row).is_good());
  CHECK(bench.recorded().size() == packets_in(segment));
  CHECK(bench.journal().counters().live_pages == 0);
  REQUIRE(bench.stored().size() == 1);
  CHECK(bench.stored().front().object() == row.object);
  CHECK(bench.settler().counters().open_segments == 0);
}

TEST_CASE("pages may become durable in any order") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 12);
  std::vector<std::uint32_t> order(segment.pages.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  bench.open(segment);
  bench.end(segment);
  for (const std::uint32_t page : order) {
    bench.seal(segment, page);
    bench.run_for(100ms);
  }
  bench.run_for(600ms);
  REQUIRE(bench.rows().size() == 1);
  CHECK((bench.disk.content(path_of(bench.rows().front())) == segment.object()));
}

TEST_CASE("a segment without its end, or with a page missing, is not stored") {
  StoreBench bench;
  bench.start();
  const SealedSegment open_ended = bench.make_segment(0, 1, 3);
  bench.open(open_ended);
  bench.seal_all(open_ended);
  const SealedSegment with_hole = bench.make_segment(1, 1, 3);
  bench.open(with_hole);
  bench.end(with_hole);
  for (const std::uint32_t page : {0U, 1U, 2U, 4U, 5U}) bench.seal(with_hole, page);
  bench.run_for(2s);
  CHECK(bench.rows().empty());
  CHECK(bench.settler().counters().open_segments == 2);
  CHECK(bench.journal().counters().live_pages == open_ended.pages.size() + 5);
}

TEST_CASE("who waits for a call's end is answered soon, without waiting for the commit interval") {
  StoreBench bench;
  bench.start();
  bench.run_for(300ms);
  const SealedSegment first = bench.make_segment(0, 1, 3);
  const SealedSegment second = bench.make_segment(1, 1, 3);
  bench.record(first);
  bench.record(second);
  std::vector<Result<void>> answers;
  bench.settler().when_settled({first.info.segment, second.info.segment},
                               [&](Result<void> outcome) { answers.push_back(std::move(outcome)); });
  bench.run_for(30ms);
  REQUIRE(answers.size() == 1);
  CHECK(answers.front());
  CHECK(bench.rows().size() == 2);
}

TEST_CASE("who asks for segments that are stored already is answered at once") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 3);
  bench.record(segment);
  bench.run_for(600ms);
  int answers = 0;
  bench.settler().when_settled({segment.info.segment},
                               [&](const Result<void>& outcome) { answers += outcome ? 1 : 100; });
  bench.settler().when_settled({}, [&](const Result<void>& outcome) { answers += outcome ? 1 : 100; });
  bench.run_for(2ms);
  CHECK(answers == 2);
}

TEST_CASE("a store that fails is tried again while the pages stay in the journal") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 5);
  bench.run_for(300ms);
  bench.disk.fail(DiskOp::folder, Errc::exhausted, 3);
  bench.record(segment);
  bench.run_for(400ms);
  CHECK(bench.rows().empty());
  CHECK_FALSE(bench.settler().health().healthy);
  CHECK(bench.settler().counters().waiting_segments == 1);
  CHECK(bench.journal().counters().live_pages == segment.pages.size());
  bench.run_for(5s);
  CHECK(bench.rows().size() == 1);
  CHECK(bench.settler().health().healthy);
  CHECK(bench.settler().counters().failures == 3);
  CHECK(bench.journal().counters().live_pages == 0);
}

TEST_CASE("a booking that fails after the object was stored is repeated with the same object") {
  StoreBench bench;
  bench.start();
  int refusals = 2;
  bench.catalog.on_book = [&]() -> Result<void> {
    if (refusals-- > 0) return error(Errc::unavailable, "the catalog does not answer");
    return {};
  };
  const SealedSegment segment = bench.make_segment(0, 1, 5);
  bench.record(segment);
  bench.run_for(3s);
  REQUIRE(bench.rows().size() == 1);
  CHECK(bench.store().list()->size() == 1);
  CHECK(bench.journal().counters().live_pages == 0);
}

TEST_CASE("segments that a failed sync touched are verified, and stored when they are whole") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 5);
  bench.disk.fail(DiskOp::sync, Errc::io);
  bench.record(segment);
  bench.run_for(2s);
  REQUIRE(bench.rows().size() == 1);
  const SegmentRow row = bench.rows().front();
  CHECK(row.state == SegmentState::stored);
  CHECK_FALSE(row.salvaged);
  CHECK((bench.disk.content(path_of(row)) == segment.object()));
  CHECK(bench.settler().counters().quarantined == 0);
}

TEST_CASE("of a quarantined segment with a bad page the bytes are kept aside and what verifies is rebuilt") {
  StoreBench bench;
  bench.start();
  SealedSegment segment = bench.make_segment(0, 1, 6);
  segment.pages[4].page[100] ^= 1;
  bench.disk.fail(DiskOp::sync, Errc::io);
  bench.record(segment);
  std::optional<Result<void>> outcome;
  bench.settler().when_settled({segment.info.segment}, [&](Result<void> settled) { outcome = std::move(settled); });
  bench.run_for(2s);
  REQUIRE(outcome);
  REQUIRE_FALSE(*outcome);
  CHECK(outcome->error().code == Errc::corrupt);
  REQUIRE(bench.rows().size() == 2);
  for (const SegmentRow& row : bench.rows()) {
    if (row.id == segment.info.segment) {
      CHECK(row.state == SegmentState::quarantined);
      CHECK((bench.disk.content(path_of(row)) == segment.object()));
    } else {
      CHECK(row.salvaged);
      CHECK(bench.verify(row).is_good());
      CHECK(bench.verify(row).counts->recovered == 1);
    }
  }
  CHECK(bench.recorded().size() == packets_in(segment) - test::kPacketsPerFrame);
  CHECK(bench.journal().counters().live_pages == 0);
  CHECK(bench.settler().counters().rebuilt == 1);
}

TEST_CASE("what stands in a segment's place and does not verify is replaced") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  const std::string name = object_name({segment.info.started, segment.info.call, segment.info.leg, 1});
  const Bytes other(5000, 7);
  ObjectInMemory object(other);
  REQUIRE(bench.store().put(name, object));
  bench.record(segment);
  bench.run_for(1s);
  REQUIRE(bench.rows().size() == 1);
  CHECK((bench.disk.content(path_of(bench.rows().front())) == segment.object()));
}

TEST_CASE("a dropped recording's segments are forgotten, told, and never stored") {
  StoreBench bench;
  bench.start();
  const SealedSegment waiting = bench.make_segment(0, 1, 3);
  bench.record(waiting);
  bench.disk.fail(DiskOp::folder, Errc::exhausted, 1000);
  bench.run_for(600ms);
  std::vector<SegmentId> told;
  std::optional<Result<void>> outcome;
  bench.settler().when_settled({waiting.info.segment}, [&](Result<void> settled) { outcome = std::move(settled); });
  bench.settler().drop(bench.recording().id, [&](std::vector<SegmentId> segments) { told = std::move(segments); });
  bench.run_for(2ms);
  CHECK(told == std::vector{waiting.info.segment});
  REQUIRE(outcome);
  CHECK(outcome->error().code == Errc::not_found);

  const SealedSegment late = bench.make_segment(1, 1, 3);
  bench.record(late);
  bench.run_for(5s);
  CHECK(bench.rows().empty());
  CHECK(bench.store().list()->empty());
}

TEST_CASE("a segment whose recording was erased while it settled leaves no object") {
  StoreBench bench;
  bench.start();
  bench.catalog.recording_rows.begin()->second.state = RecordingState::erased;
  const SealedSegment segment = bench.make_segment(0, 1, 3);
  bench.record(segment);
  std::optional<Result<void>> outcome;
  bench.settler().when_settled({segment.info.segment}, [&](Result<void> settled) { outcome = std::move(settled); });
  bench.run_for(1s);
  REQUIRE(outcome);
  CHECK(outcome->error().code == Errc::not_found);
  CHECK(bench.store().list()->empty());
  CHECK(bench.journal().counters().live_pages == 0);
}

TEST_CASE("who still waits when the settler goes is told") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 3);
  bench.open(segment);
  std::optional<Result<void>> outcome;
  bench.settler().when_settled({segment.info.segment}, [&](Result<void> settled) { outcome = std::move(settled); });
  bench.stop();
  REQUIRE(outcome);
  CHECK(outcome->error().code == Errc::unavailable);
}

TEST_CASE("whatever fails in journal, store and catalog, every segment is stored once and whole in the end") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    StoreBench bench;
    bench.start();
    std::mt19937 random(seed);
    bench.catalog.on_book = [&]() -> Result<void> {
      if (random() % 4 == 0) return error(Errc::unavailable, "by chance");
      return {};
    };
    bench.disk.fail_by_chance(0.1, seed);
    std::size_t packets = 0;
    for (std::uint32_t number = 1; number <= 4; ++number) {
      const SealedSegment segment = bench.make_segment(number % 2, number, 1 + random() % 8);
      packets += packets_in(segment);
      bench.record(segment);
      bench.run_for(milliseconds(random() % 400));
    }
    bench.run_for(2s);
    bench.disk.fail_by_chance(0, 1);
    bench.catalog.on_book = [] { return Result<void>(); };
    bench.run_for(60s);
    REQUIRE(bench.rows().size() == 4);
    REQUIRE(bench.store().list()->size() == 4);
    REQUIRE(bench.recorded().size() == packets);
    REQUIRE(bench.journal().counters().live_pages == 0);
  }
}

TEST_CASE("under overload what is ready waits, and is stored when that is over") {
  StoreBench bench;
  bench.start();
  bench.pace = SettlePace::giving_way;
  const SealedSegment segment = bench.make_segment(0, 1, 10);
  bench.record(segment);
  bench.run_for(15s);
  CHECK(bench.rows().empty());
  CHECK(bench.settler().counters().waiting_segments == 1);
  CHECK(bench.journal().counters().live_pages == segment.pages.size());
  CHECK(bench.settler().health().healthy);
  bench.pace = SettlePace::freely;
  bench.run_for(1s);
  CHECK(bench.rows().size() == 1);
  CHECK(bench.journal().counters().live_pages == 0);
}

TEST_CASE("under overload without end segments are stored all the same, in bursts") {
  StoreBench bench;
  bench.start();
  bench.pace = SettlePace::giving_way;
  bench.record(bench.make_segment(0, 1, 5));
  bench.run_for(limits::kSettleWaitMax + 1s);
  CHECK(bench.rows().size() == 1);
  bench.record(bench.make_segment(0, 2, 5));
  bench.record(bench.make_segment(1, 1, 5));
  bench.run_for(limits::kSettleWaitMax - 3s);
  CHECK(bench.rows().size() == 1);
  bench.run_for(3s);
  CHECK(bench.rows().size() == 3);
}

TEST_CASE("what is left of a full disk is not for the store, however long that lasts") {
  StoreBench bench;
  bench.start();
  bench.pace = SettlePace::not_at_all;
  bench.record(bench.make_segment(0, 1, 5));
  bench.run_for(10 * limits::kSettleWaitMax);
  CHECK(bench.rows().empty());
  bench.pace = SettlePace::freely;
  bench.run_for(1s);
  CHECK(bench.rows().size() == 1);
}

}  // namespace
}  // namespace assent
