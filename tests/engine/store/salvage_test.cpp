#include "engine/store/salvage.h"

#include <algorithm>
#include <random>

#include "catch.h"
#include "store_bench.h"

namespace assent {
namespace {

using test::PacketName;
using test::SealedSegment;
using test::StoreBench;

std::vector<std::string> journal_files(const StoreBench& bench) {
  std::vector<std::string> names = bench.disk.names();
  std::erase_if(names, [](const std::string& name) { return name.find("/state/journal/") != 0; });
  return names;
}

std::set<PacketName> packets_of(const SealedSegment& segment, std::uint32_t first_seq, std::uint32_t last_seq) {
  std::set<PacketName> packets;
  for (std::uint32_t seq = first_seq; seq <= last_seq; ++seq) {
    for (const PacketName& packet : segment.packets_of(seq)) packets.insert(packet);
  }
  return packets;
}

TEST_CASE("a finished segment that was not stored is stored as it was sealed") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 5);
  bench.open(segment);
  bench.seal_all(segment);
  bench.run_for(300ms);
  bench.stop();
  bench.disk.restart(1);
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->settled == 1);
  CHECK(report->rebuilt == 0);
  REQUIRE(bench.rows().size() == 1);
  CHECK(bench.rows().front().id == segment.info.segment);
  CHECK_FALSE(bench.rows().front().salvaged);
  CHECK(bench.rows().front().use == AudioUse::evidence);
  CHECK(bench.rows().front().ended == segment.ended);
  CHECK(
      (bench.disk.content(std::filesystem::path("/state/segments") / bench.rows().front().object) == segment.object()));
  CHECK(journal_files(bench).empty());
}

TEST_CASE("a torn segment is rebuilt under a new id and key, and the recording says what was lost") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 8);
  bench.open(segment);
  for (const std::uint32_t page : {0U, 1U, 2U, 3U, 5U, 6U}) bench.seal(segment, page);
  bench.run_for(300ms);
  bench.stop();
  bench.disk.restart(1);
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->rebuilt == 1);
  CHECK(report->frames_lost == 1);
  REQUIRE(bench.rows().size() == 1);
  const SegmentRow row = bench.rows().front();
  CHECK(row.id != segment.info.segment);
  CHECK(row.salvaged);
  CHECK(row.use == AudioUse::evidence);
  CHECK(row.frames == 7);
  CHECK(row.started == segment.info.started);
  const SegmentReport verified = bench.verify(row);
  CHECK(verified.is_good());
  CHECK(verified.counts->recovered == 1);
  CHECK(verified.counts->recorded == 4 * test::kPacketsPerFrame);
  CHECK(verified.head->segment == row.id);
  CHECK(verified.identity->segment == row.id);
  CHECK(verified.identity->use == AudioUse::evidence);

  std::set<PacketName> expected = packets_of(segment, 2, 3);
  expected.merge(packets_of(segment, 5, 6));
  CHECK(bench.recorded() == expected);
  CHECK(bench.call().state == CallState::interrupted);
  CHECK(bench.recording().state == RecordingState::recovered);
  CHECK(bench.recording().lost_json == "{\"interrupted\":true,\"legs\":{\"" + to_text(segment.info.leg) +
                                           "\":[{\"end_unknown\":true,\"frames_kept\":7,\"frames_lost\":1,"
                                           "\"segment\":1}]}}");
  CHECK(report->interrupted == std::vector{bench.call().id});
  CHECK(report->recovered == std::vector{bench.recording().id});
  REQUIRE(bench.catalog.entries.size() == 1);
  CHECK(bench.catalog.entries.front().kind == LedgerKind::recovery);
  CHECK(journal_files(bench).empty());
}

TEST_CASE("a torn segment whose first frame is lost keeps its audio at its time") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 8);
  bench.open(segment);
  for (const std::uint32_t page : {0U, 2U, 3U}) bench.seal(segment, page);
  bench.run_for(300ms);
  bench.stop();
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->rebuilt == 1);
  CHECK(report->frames_lost == 1);
  CHECK(bench.recorded() == packets_of(segment, 2, 3));
}

TEST_CASE("a torn segment that has its final frame keeps its counts") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  bench.open(segment);
  for (const std::uint32_t page : {0U, 1U, 2U, 4U, 5U, 6U}) bench.seal(segment, page);
  bench.run_for(300ms);
  bench.stop();
  REQUIRE(bench.salvage());
  REQUIRE(bench.rows().size() == 1);
  const SegmentReport verified = bench.verify(bench.rows().front());
  CHECK(verified.counts->received == 4 * test::kPacketsPerFrame);
  CHECK(verified.counts->recorded == 3 * test::kPacketsPerFrame);
  CHECK(bench.recording().lost_json.find("\"end_unknown\":false") != std::string::npos);
}

TEST_CASE("of a segment without its header nothing can be kept") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  bench.open(segment);
  for (const std::uint32_t page : {1U, 2U, 3U}) bench.seal(segment, page);
  bench.run_for(300ms);
  bench.stop();
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->lost == 1);
  CHECK(bench.rows().empty());
  CHECK(bench.recording().state == RecordingState::recovered);
  CHECK(journal_files(bench).empty());
}

TEST_CASE("pages whose key is destroyed are dropped, and so are those of an erased recording") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  bench.open(segment);
  bench.seal_all(segment);
  bench.run_for(300ms);
  bench.stop();
  if (GENERATE(true, false)) {
    bench.destroy_keys();
  } else {
    bench.catalog.recording_rows.begin()->second.state = RecordingState::erased;
  }
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->erased == 1);
  CHECK(bench.rows().empty());
  CHECK(bench.open_store().value()->list()->empty());
  CHECK(journal_files(bench).empty());
}

TEST_CASE("pages of a recording that the catalog does not know stay where they are") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  bench.open(segment);
  bench.seal_all(segment);
  bench.run_for(300ms);
  bench.stop();
  const auto recording_rows = bench.catalog.recording_rows;
  bench.catalog.recording_rows.clear();
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->unclaimed == std::vector{segment.info.segment});
  CHECK(journal_files(bench).size() == 1);

  bench.catalog.recording_rows = recording_rows;
  bench.start();
  bench.stop();
  REQUIRE(bench.salvage());
  CHECK(bench.rows().size() == 1);
  CHECK(journal_files(bench).empty());
}

TEST_CASE("a complete recording whose journal pages were not yet free stays complete") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  bench.record(segment);
  bench.run_for(600ms);
  REQUIRE(bench.rows().size() == 1);
  bench.catalog.call_rows.begin()->second.state = CallState::ended;
  bench.catalog.recording_rows.begin()->second.state = RecordingState::complete;
  bench.stop();
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->already_stored == 1);
  CHECK(report->recovered.empty());
  CHECK(bench.recording().state == RecordingState::complete);
  CHECK(bench.rows().size() == 1);
}

TEST_CASE("an object that was stored, not booked, and is no longer in the journal is booked") {
  StoreBench bench;
  bench.start();
  bench.catalog.on_book = []() -> Result<void> { return error(Errc::unavailable, "it does not answer"); };
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  bench.record(segment);
  bench.run_for(600ms);
  bench.stop();
  for (const std::string& file : journal_files(bench)) REQUIRE(bench.disk.remove(file));
  const Bytes noise(5000, 9);
  ObjectInMemory object(noise);
  const std::string stray = object_folder(segment.info.started, bench.call().id) + "/noise.assent";
  REQUIRE(bench.store().put(stray, object));

  bench.catalog.on_book = [] { return Result<void>(); };
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->found == 1);
  CHECK(report->strays == std::vector{stray});
  REQUIRE(bench.rows().size() == 1);
  CHECK(bench.rows().front().id == segment.info.segment);
  CHECK(bench.rows().front().use == AudioUse::evidence);
  CHECK(bench.recorded() == packets_of(segment, 2, 5));
}

TEST_CASE("an object that was stored before its recording was erased, and not booked, goes with the pages") {
  StoreBench bench;
  bench.start();
  bench.catalog.on_book = []() -> Result<void> { return error(Errc::unavailable, "it does not answer"); };
  bench.record(bench.make_segment(0, 1, 4));
  bench.run_for(600ms);
  REQUIRE(bench.store().list()->size() == 1);
  bench.stop();
  bench.catalog.on_book = [] { return Result<void>(); };
  bench.catalog.recording_rows.begin()->second.state = RecordingState::erased;
  REQUIRE(bench.salvage());
  CHECK(bench.store().list()->empty());
}

TEST_CASE("an empty state folder needs no salvage, and a live call without audio is interrupted") {
  StoreBench bench;
  bench.catalog.recording_rows.clear();
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(bench.call().state == CallState::interrupted);
  CHECK(report->recovered.empty());
  CHECK(report->start_of(ShardId(0)).file == JournalFileNumber(1));
}

TEST_CASE("a call that goes on stays live, and what was lost of it is told together") {
  StoreBench bench;
  bench.goes_on = true;
  for (const std::uint32_t number : {1U, 2U}) {  // two crashes
    bench.start();
    const SealedSegment segment = bench.make_segment(0, number, 8);
    bench.open(segment);
    for (const std::uint32_t page : {0U, 1U, 2U, 3U, 5U, 6U}) bench.seal(segment, page);
    bench.run_for(300ms);
    bench.stop();
    bench.disk.restart(1);
    const auto report = bench.salvage();
    REQUIRE(report);
    CHECK(report->interrupted.empty());
    CHECK(bench.call().state == CallState::live);
    CHECK(bench.recording().state == RecordingState::recovered);
    REQUIRE(bench.recording().ended);
    CHECK(*bench.recording().ended > segment.info.started);
    // As the engine does when it takes the call up.
    bench.catalog.recording_rows.begin()->second.state = RecordingState::open;
  }
  const std::string& lost = bench.recording().lost_json;
  CHECK(lost.find("\"segment\":1}") != std::string::npos);
  CHECK(lost.find("\"segment\":2}") != std::string::npos);
}

TEST_CASE("every shard's journal is salvaged, and a recording is closed once for all of them") {
  StoreBench bench;
  // Two legs in two journals, as no run leaves them, so that neither journal alone knows the whole recording.
  const SealedSegment whole = bench.make_segment(0, 1, 5);
  const SealedSegment torn = bench.make_segment(1, 1, 8);
  bench.start(ShardId(0));
  bench.open(whole);
  bench.seal_all(whole);
  bench.run_for(300ms);
  bench.stop();
  bench.start(ShardId(3));
  bench.open(torn);
  for (const std::uint32_t page : {0U, 1U, 2U, 3U}) bench.seal(torn, page);
  bench.run_for(300ms);
  bench.stop();
  bench.disk.restart(1);

  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->settled == 1);
  CHECK(report->rebuilt == 1);
  CHECK(report->interrupted.size() == 1);
  CHECK(report->recovered.size() == 1);
  CHECK(bench.rows().size() == 2);
  CHECK(bench.recording().lost_json.find("\"interrupted\":true") != std::string::npos);
  CHECK(bench.recording().lost_json.find(to_text(torn.info.leg)) != std::string::npos);
  CHECK(report->start_of(ShardId(0)).file == JournalFileNumber(2));
  CHECK(report->start_of(ShardId(3)).file == JournalFileNumber(2));
  CHECK(report->start_of(ShardId(3)).batch == BatchNumber(2));
  CHECK(report->start_of(ShardId(1)).file == JournalFileNumber(1));
  CHECK(journal_files(bench).empty());
}

TEST_CASE("pages of an unknown segment keep their file, and no other shard's") {
  StoreBench bench;
  const SealedSegment known = bench.make_segment(0, 1, 5);
  const SealedSegment unknown = bench.make_segment(1, 1, 5);
  bench.start(ShardId(1));
  bench.seal_all(known);
  bench.run_for(300ms);
  bench.stop();
  const RecordingRow recording = bench.recording();
  REQUIRE(bench.salvage());
  bench.catalog.recording_rows.erase(recording.id);
  for (const ShardId shard : {ShardId(0), ShardId(1)}) {
    bench.start(shard);
    if (shard == ShardId(1)) bench.seal_all(unknown);
    bench.run_for(300ms);
    bench.stop();
  }
  const auto report = bench.salvage();
  REQUIRE(report);
  CHECK(report->unclaimed == std::vector<SegmentId>{unknown.info.segment});
  CHECK(journal_files(bench) == std::vector<std::string>{"/state/journal/journal-1-000002.log"});
  CHECK(report->start_of(ShardId(1)).file == JournalFileNumber(3));
}

TEST_CASE("a store that has no room stops salvage before anything is given up") {
  StoreBench bench;
  bench.start();
  const SealedSegment segment = bench.make_segment(0, 1, 4);
  bench.open(segment);
  bench.seal_all(segment);
  bench.run_for(300ms);
  bench.stop();
  bench.disk.fail(test::DiskOp::folder, Errc::exhausted);
  CHECK(bench.salvage().error().code == Errc::exhausted);
  CHECK_FALSE(journal_files(bench).empty());
  CHECK(bench.call().state == CallState::live);
  REQUIRE(bench.salvage());
  CHECK(bench.rows().size() == 1);
}

// ---- power loss at any moment ---------------------------------------------------------------------------------------

// Several segments of both legs, their pages sealed in a slightly shuffled order; the power goes at some moment.
class CrashRun {
 public:
  explicit CrashRun(std::uint32_t seed) : random_(seed) {
    bench.start();
    for (std::uint32_t number = 1; number <= 2; ++number) {
      for (std::size_t leg = 0; leg < 2; ++leg) segments_.push_back(bench.make_segment(leg, number, draw(1, 6)));
    }
    bench.disk.cut_power_after(random_() % 90);
    for (const SealedSegment& segment : segments_) record(segment);
    bench.run_for(300ms);
    bench.stop();
    bench.disk.restart(seed);
  }

  // Salvages until it succeeds, with the power failing in between.
  void recover() {
    for (int attempt = 0; attempt < 3; ++attempt) {
      bench.disk.cut_power_after(random_() % 60);
      static_cast<void>(bench.salvage());
      bench.disk.restart(static_cast<std::uint32_t>(random_()));
    }
    const auto report = bench.salvage();
    if (!report) FAIL(report.error().what);
  }

  // Every packet of a durable frame is recorded if its segment's header is durable; nothing else but what was sealed.
  void check() {
    const std::set<PacketName> recorded = bench.recorded();
    for (const SealedSegment& segment : segments_) {
      if (!is_durable(segment.pages[0].entry)) continue;
      for (std::uint32_t seq = 2; seq < segment.final_seq(); ++seq) {
        if (!is_durable(segment.pages[seq].entry)) continue;
        for (const PacketName& packet : segment.packets_of(seq)) {
          if (recorded.count(packet) == 0) FAIL("a durable packet is not recorded");
        }
      }
    }
    const auto rows = bench.rows();
    for (const SegmentRow& row : rows) {
      if (!bench.verify(row).is_good()) FAIL("a booked segment is damaged");
    }
    REQUIRE(bench.open_store().value()->list()->size() == rows.size());
    REQUIRE(bench.call().state == CallState::interrupted);
    REQUIRE(bench.recording().state == RecordingState::recovered);
    REQUIRE(journal_files(bench).empty());
  }

  StoreBench bench;

 private:
  std::uint32_t draw(std::uint32_t least, std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
  }

  void record(const SealedSegment& segment) {
    bench.open(segment);
    std::vector<std::uint32_t> order(segment.pages.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (random_() % 3 == 0) std::swap(order[i - 1], order[i]);
    }
    for (const std::uint32_t page : order) {
      bench.seal(segment, page);
      if (random_() % 4 == 0) bench.run_for(milliseconds(random_() % 120));
    }
    bench.end(segment);
  }

  bool is_durable(const JournalEntry& entry) const {
    return std::find(bench.durable().begin(), bench.durable().end(), entry) != bench.durable().end();
  }

  std::mt19937 random_;
  std::vector<SealedSegment> segments_;
};

TEST_CASE("after a power loss at any moment, and more while recovering, all that was durable is recorded once") {
  for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
    INFO("seed " << seed);
    CrashRun run(seed);
    run.recover();
    run.check();
  }
}

// The journal after a crash with its end cut, zeroed, scrambled or repeated.
void damage_last_file(StoreBench& bench, std::mt19937& random) {
  const auto files = journal_files(bench);
  if (files.empty()) return;
  Bytes content = bench.disk.content(files.back());
  if (content.empty()) return;
  const auto at = static_cast<std::ptrdiff_t>(random() % content.size());
  switch (random() % 4) {
    case 0: content.resize(static_cast<std::size_t>(at)); break;
    case 1: std::fill(content.begin() + at, content.end(), std::uint8_t{0}); break;
    case 2:
      for (auto byte = content.begin() + at; byte != content.end(); ++byte) *byte = static_cast<std::uint8_t>(random());
      break;
    default: content.insert(content.end(), content.begin(), content.begin() + at); break;
  }
  bench.disk.set_content(files.back(), std::move(content));
}

TEST_CASE("whatever is done to the journal's end, what comes out was sealed, verifies, and is there once") {
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    INFO("seed " << seed);
    CrashRun run(seed);
    std::mt19937 random(seed);
    damage_last_file(run.bench, random);
    const auto report = run.bench.salvage();
    REQUIRE(report);
    static_cast<void>(run.bench.recorded());  // fails on a packet that was not sealed, or comes twice
    for (const SegmentRow& row : run.bench.rows()) REQUIRE(run.bench.verify(row).is_good());
    REQUIRE(run.bench.open_store().value()->list()->size() == run.bench.rows().size());
  }
}

TEST_CASE("salvage again finds nothing to do") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CrashRun run(seed);
    REQUIRE(run.bench.salvage());
    const auto rows = run.bench.catalog.segment_rows;
    const auto report = run.bench.salvage();
    REQUIRE(report);
    CHECK(report->settled + report->rebuilt + report->lost + report->erased == 0);
    CHECK(report->recovered.empty());
    CHECK(report->interrupted.empty());
    CHECK(run.bench.catalog.segment_rows.size() == rows.size());
  }
}

}  // namespace
}  // namespace assent
