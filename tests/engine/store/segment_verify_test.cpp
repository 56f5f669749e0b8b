#include "engine/store/segment_verify.h"

#include <algorithm>

#include "catch.h"
#include "store_bench.h"

namespace assent {
namespace {

using test::SealedSegment;
using test::StoreBench;

constexpr std::uint32_t kAudioFrames = 6;
constexpr std::uint32_t kFinal = kAudioFrames + 2;

struct Sealed {
  StoreBench bench;
  SealedSegment segment = bench.make_segment(0, 1, kAudioFrames);
  Bytes object = segment.object();
  std::size_t header_bytes = parse_header(object)->bytes();

  std::size_t frame_at(std::uint32_t seq) const { return header_bytes + (seq - 1) * limits::kPageBytes; }
  SegmentReport verify() {
    ObjectInMemory bytes(object);
    auto report = verify_segment(bytes, bench.leg_keys());
    REQUIRE(report);
    return *report;
  }
  SegmentReport verify_clear() {
    ObjectInMemory bytes(object);
    auto report = verify_segment_without_keys(bytes);
    REQUIRE(report);
    return *report;
  }
};

bool has(const SegmentReport& report, std::string_view kind, std::uint32_t frame, std::uint64_t offset) {
  return std::any_of(report.damages.begin(), report.damages.end(), [&](const SegmentDamage& damage) {
    return damage.kind == kind && damage.frame == frame && damage.offset == offset && !damage.what.empty();
  });
}

TEST_CASE("a good segment verifies, and what it holds is told") {
  Sealed sealed;
  const SegmentReport report = sealed.verify();
  CHECK(report.is_good());
  CHECK(report.verified);
  CHECK(report.frames == kFinal);
  CHECK(report.packets == kAudioFrames * test::kPacketsPerFrame);
  CHECK(report.size_bytes == sealed.object.size());
  CHECK(report.first_time == sealed.segment.info.started);
  CHECK(report.end_time == sealed.segment.ended);
  CHECK(report.leg_key == sealed.bench.leg(0).key);
  REQUIRE(report.identity);
  CHECK(report.identity->segment == sealed.segment.info.segment);
  CHECK(report.identity->number == 1);
  REQUIRE(report.counts);
  CHECK(report.counts->recorded == report.packets);
  REQUIRE(report.head);
  CHECK(report.head->leg == sealed.bench.leg(0).id);
}

TEST_CASE("without keys the places of all frames are checked") {
  Sealed sealed;
  const SegmentReport report = sealed.verify_clear();
  CHECK(report.is_good());
  CHECK_FALSE(report.verified);
  CHECK(report.frames == kFinal);
  CHECK(report.packets == 0);
}

TEST_CASE("a flipped bit anywhere is reported, and in a frame with that frame's place") {
  Sealed sealed;
  const Bytes good = sealed.object;
  for (std::size_t at = 0; at < good.size(); at += (at < sealed.header_bytes || at % 4096 < 40) ? 1 : 211) {
    INFO("byte " << at);
    sealed.object = good;
    sealed.object[at] ^= 0x10;
    const SegmentReport report = sealed.verify();
    REQUIRE_FALSE(report.is_good());
    REQUIRE_FALSE(report.damages.empty());
    if (at < sealed.header_bytes) continue;
    const auto seq = static_cast<std::uint32_t>((at - sealed.header_bytes) / 4096 + 1);
    const SegmentDamage& first = report.damages.front();
    REQUIRE(first.frame == seq);
    REQUIRE(first.offset == sealed.frame_at(seq));
    REQUIRE(report.frames == kFinal - 1);
  }
}

TEST_CASE("damage of one frame does not hide that of another") {
  Sealed sealed;
  sealed.object[sealed.frame_at(2) + 500] ^= 1;
  sealed.object[sealed.frame_at(5) + 500] ^= 1;
  const SegmentReport report = sealed.verify();
  CHECK(report.damages.size() == 2);
  CHECK(has(report, "frame_tag", 2, sealed.frame_at(2)));
  CHECK(has(report, "frame_tag", 5, sealed.frame_at(5)));
  CHECK(report.frames == kFinal - 2);
  CHECK(report.packets == (kAudioFrames - 2) * test::kPacketsPerFrame);
  CHECK(report.has_final);
}

TEST_CASE("swapped frames are reported at both places, with and without keys") {
  Sealed sealed;
  const auto at = [&](std::uint32_t seq) {
    return sealed.object.begin() + static_cast<std::ptrdiff_t>(sealed.frame_at(seq));
  };
  std::swap_ranges(at(3), at(4), at(5));
  for (const SegmentReport& report : {sealed.verify(), sealed.verify_clear()}) {
    CHECK(report.damages.size() == 2);
    CHECK(has(report, "frame_out_of_order", 3, sealed.frame_at(3)));
    CHECK(has(report, "frame_out_of_order", 5, sealed.frame_at(5)));
  }
}

TEST_CASE("a repeated frame is reported where it stands, and everything behind it") {
  Sealed sealed;
  const auto at = sealed.object.begin() + static_cast<std::ptrdiff_t>(sealed.frame_at(3));
  const Bytes frame(at, at + 4096);
  sealed.object.insert(at, frame.begin(), frame.end());
  const SegmentReport report = sealed.verify();
  CHECK(has(report, "frame_out_of_order", 4, sealed.frame_at(4)));
  CHECK(report.frames == 3);
  CHECK_FALSE(report.is_good());
  CHECK_FALSE(sealed.verify_clear().is_good());
}

TEST_CASE("a frame from another segment of the same leg is reported") {
  Sealed sealed;
  const Bytes other = sealed.bench.make_segment(0, 2, kAudioFrames).object();
  const auto from = other.begin() + static_cast<std::ptrdiff_t>(parse_header(other)->bytes() + 2 * 4096);
  std::copy_n(from, 4096, sealed.object.begin() + static_cast<std::ptrdiff_t>(sealed.frame_at(3)));
  const SegmentReport report = sealed.verify();
  CHECK(report.damages.size() == 1);
  CHECK(has(report, "frame_tag", 3, sealed.frame_at(3)));
}

TEST_CASE("truncation at any byte is reported") {
  Sealed sealed;
  const Bytes good = sealed.object;
  for (std::size_t size = 0; size < good.size(); size += 97) {
    INFO("cut to " << size);
    sealed.object = good;
    sealed.object.resize(size);
    REQUIRE_FALSE(sealed.verify().is_good());
    REQUIRE_FALSE(sealed.verify().damages.empty());
    REQUIRE_FALSE(sealed.verify_clear().is_good());
    REQUIRE_FALSE(sealed.verify_clear().damages.empty());
  }
}

TEST_CASE("a segment cut between two frames has no final one") {
  Sealed sealed;
  sealed.object.resize(sealed.frame_at(4));
  const SegmentReport report = sealed.verify();
  CHECK(report.damages.size() == 1);
  CHECK(has(report, "final_missing", 4, sealed.frame_at(4)));
  CHECK(report.frames == 3);
  CHECK(has(sealed.verify_clear(), "final_missing", 4, sealed.frame_at(4)));
}

TEST_CASE("a byte or a frame behind the final frame is reported") {
  Sealed sealed;
  const Bytes good = sealed.object;
  const auto at = good.begin() + static_cast<std::ptrdiff_t>(sealed.frame_at(3));
  const Bytes more = GENERATE_COPY(Bytes{0}, Bytes(at, at + 4096));
  append(sealed.object, more);
  for (const SegmentReport& report : {sealed.verify(), sealed.verify_clear()}) {
    CHECK(report.damages.size() == 1);
    CHECK(has(report, "trailing_bytes", kFinal, good.size()));
  }
}

TEST_CASE("a wrong key opens nothing, and a destroyed key is not damage") {
  Sealed sealed;
  ObjectInMemory object(sealed.object);
  const auto wrong = verify_segment(object, [](KeyId) -> Result<SecretKey> { return SecretKey::random(); });
  REQUIRE(wrong);
  CHECK(has(*wrong, "key_tag", 0, wrong->damages.front().offset));
  CHECK(wrong->frames == 0);
  sealed.bench.destroy_keys();
  const auto destroyed = verify_segment(object, sealed.bench.leg_keys());
  REQUIRE_FALSE(destroyed);
  CHECK(destroyed.error().code == Errc::not_found);
}

TEST_CASE("bytes that are no segment are reported, not read") {
  for (const Bytes& bytes : {Bytes{}, Bytes(3), Bytes(10000, 0xFF), Bytes(5000, 2)}) {
    ObjectInMemory object(bytes);
    const auto report = verify_segment_without_keys(object);
    REQUIRE(report);
    CHECK_FALSE(report->damages.empty());
    CHECK_FALSE(report->is_good());
  }
}

TEST_CASE("a source yields no packet of a frame that does not verify, and says which one it left out") {
  StoreBench bench;
  bench.start();
  const SealedSegment first = bench.make_segment(0, 1, kAudioFrames);
  const SealedSegment second = bench.make_segment(0, 2, kAudioFrames);
  bench.record(first);
  bench.record(second);
  bench.run_for(1s);
  REQUIRE(bench.rows().size() == 2);
  const SegmentRow row = *bench.catalog.segment(first.info.segment).value();
  const std::filesystem::path path = std::filesystem::path("/state/segments") / row.object;
  Bytes content = bench.disk.content(path);
  content[parse_header(content)->bytes() + 3 * 4096 + 700] ^= 1;
  bench.disk.set_content(path, content);

  SegmentSource source(bench.store(), bench.rows(), bench.leg_keys());
  std::size_t packets = 0;
  std::optional<WallTime> before;
  for (;;) {
    auto packet = source.next();
    REQUIRE(packet);
    if (!*packet) break;
    CHECK((!before || *before < (*packet)->at));
    before = (*packet)->at;
    ++packets;
  }
  CHECK(packets == (2 * kAudioFrames - 1) * test::kPacketsPerFrame);
  REQUIRE(source.damages().size() == 1);
  CHECK(source.damages().front().segment == first.info.segment);
  CHECK(source.damages().front().damage.frame == 4);
}

TEST_CASE("a source without its leg's key yields nothing") {
  StoreBench bench;
  bench.start();
  bench.record(bench.make_segment(0, 1, 2));
  bench.run_for(1s);
  bench.destroy_keys();
  SegmentSource source(bench.store(), bench.rows(), bench.leg_keys());
  CHECK(source.next().error().code == Errc::not_found);
}

}  // namespace
}  // namespace assent
