// What a shard does when sealing cannot keep up: rings shorten, and what must be lost is told.
#include <algorithm>

#include "catch.h"
#include "engine/shard/shard.h"
#include "shard_rig.h"

using namespace assent;

namespace {

// The tones of a leg's recorded packets, and whether each comes once and in its order.
std::vector<std::uint8_t> tones(const std::vector<OpenedPacket>& packets) {
  std::vector<std::uint8_t> found;
  for (const OpenedPacket& packet : packets) found.push_back(packet.payload.front());
  return found;
}

RigOptions short_hold(std::size_t legs, std::size_t arena_blocks) {
  RigOptions options = ShardRig::defaults();
  options.consent.hold = 1s;
  options.legs = legs;
  options.arena_blocks = arena_blocks;
  return options;
}

// Blocks that one leg of the options above may have: of its own (L16 may come on it, too), and waiting to be sealed.
const std::size_t kLegBlocks = limits::leg_blocks(16000, 1s, limits::kReorderWindowDefault);
const std::size_t kQueuedBlocks = limits::queued_blocks_of(kLegBlocks, limits::kReorderWindowDefault);

}  // namespace

TEST_CASE("rings shorten at once, keep the youngest, and grow again") {
  RigOptions options = ShardRig::defaults();
  options.consent.hold = 10s;
  ShardRig rig(options);
  for (int i = 0; i < 450; ++i) rig.talk(0, 0x11);
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x22);
  CHECK(rig.call().legs()[0]->gate().held() > 8s);

  rig.shard->limit_hold(2s);
  rig.pass(5ms);
  CHECK(rig.call().legs()[0]->gate().held() <= 2500ms);  // a block is kept while its end is not too old
  for (int i = 0; i < 100; ++i) rig.talk(0, 0x33);
  CHECK(rig.call().legs()[0]->gate().held() <= 2500ms);
  CHECK_FALSE(rig.arena_holds(Bytes(64, 0x11)));

  rig.shard->limit_hold(nanoseconds::max());
  for (int i = 0; i < 400; ++i) rig.talk(0, 0x44);
  CHECK(rig.call().legs()[0]->gate().held() > 8s);
  rig.grant_all();
  rig.end();
  const auto kept = tones(rig.opened(0));
  CHECK(std::count(kept.begin(), kept.end(), 0x44) == 400);
  CHECK(std::count(kept.begin(), kept.end(), 0x11) == 0);
}

TEST_CASE("a limit above what was asked for changes nothing") {
  RigOptions options = ShardRig::defaults();
  options.consent.hold = 3s;
  ShardRig rig(options);
  rig.shard->limit_hold(20s);
  for (int i = 0; i < 500; ++i) rig.talk(0, 0x11);
  CHECK(rig.call().legs()[0]->gate().held() <= 3500ms);
}

TEST_CASE("audio that was consented to is not touched when rings shorten") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  rig.shard->limit_hold(1s);
  for (int i = 0; i < 200; ++i) rig.talk(0, static_cast<std::uint8_t>(i));
  rig.end();
  CHECK(rig.opened(0).size() == 200);
}

TEST_CASE("what waits for a page is sealed when there is one, and nothing is missing") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  for (int i = 0; i < 50; ++i) rig.talk(0, static_cast<std::uint8_t>(i));
  rig.stall();
  for (int i = 50; i < 250; ++i) rig.talk(0, static_cast<std::uint8_t>(i));
  rig.end_stall();
  const FinishedCall finished = rig.end();
  CHECK(rig.opened(0).size() == 250);
  CHECK(finished.gaps.empty());
  CHECK(finished.legs[0].metrics.counts.gap_packets == 0);
}

TEST_CASE("beyond its part of the arena a leg's audio is lost: a gap that says when and how much, to the packet") {
  ShardRig rig(short_hold(1, limits::kReceiveBatch + kLegBlocks));
  rig.grant_all();
  const WallTime start = rig.now.wall;
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x11);
  rig.stall();
  for (int i = 0; i < 2000; ++i) rig.talk(0, 0x22);  // 40 s
  rig.end_stall();
  for (int i = 0; i < 100; ++i) rig.talk(0, 0x33);
  const FinishedCall finished = rig.end();

  const auto kept = tones(rig.opened(0));
  CHECK(std::count(kept.begin(), kept.end(), 0x11) == 50);
  CHECK(std::count(kept.begin(), kept.end(), 0x33) == 100);
  const auto lost = 2150 - kept.size();
  REQUIRE(finished.gaps.size() == 1);
  const AudioGap& gap = finished.gaps[0].second;
  CHECK(finished.gaps[0].first == rig.leg_ids[0]);
  CHECK(gap.packets == lost);
  CHECK(lost > 500);
  const LegCounts& counts = finished.legs[0].metrics.counts;
  CHECK(counts.received == 2150);
  CHECK(counts.gap_packets == lost);
  CHECK(counts.gap_blocks == gap.blocks);
  CHECK(counts.gap_ms == 20 * lost);
  CHECK(counts.recorded == kept.size());
  CHECK(counts.lost == 0);  // on the way, nothing was
  CHECK(gap.to - gap.from == 20ms * static_cast<int>(lost));
  CHECK(gap.from > start + 1s);
  CHECK(rig.shard->counts().gap_packets == lost);
  CHECK(rig.shard->counts().received.no_block == 0);

  // The oldest is kept: what is there of the stall is its beginning, without a hole.
  const auto packets = rig.opened(0);
  for (std::size_t i = 1; i < packets.size(); ++i) {
    const nanoseconds step = packets[i].at - packets[i - 1].at;
    const bool at_gap = packets[i - 1].at < gap.from && packets[i].at >= gap.to;
    CHECK(step == 20ms + (at_gap ? gap.to - gap.from : 0ns));
  }
}

TEST_CASE("a leg in a gap takes nothing from legs that wait for consent") {
  ShardRig rig(short_hold(2, limits::kReceiveBatch + 2 * kLegBlocks));
  rig.decide(0, Decision::granted);
  rig.pass(10ms);
  rig.stall();
  for (int i = 0; i < 1500; ++i) {
    rig.talk(0, 0x11);
    rig.put_packet(1, Bytes(160, 0x22));
  }
  CHECK(rig.call().legs()[1]->gate().starved_packets() == 0);
  CHECK(rig.shard->counts().received.no_block == 0);
  CHECK(rig.shard->counts().gap_packets > 0);
  CHECK(rig.free_blocks() >= kLegBlocks / 2);
  // And the other one can still say no.
  rig.press(1, '9');
  CHECK(rig.gate(1) == Gate::closed);
  rig.end_stall();
  rig.end();
}

TEST_CASE("while half of the arena is free a leg may have more than its part") {
  ShardRig rig(short_hold(1, 1000));
  rig.grant_all();
  rig.stall();
  for (std::size_t i = 0; i < 3 * kQueuedBlocks * 23; ++i) rig.talk(0, 0x11);
  rig.end_stall();
  CHECK(rig.end().gaps.empty());
}

TEST_CASE("consent whose record takes longer than the ring has room loses the latest, and says so") {
  ShardRig rig(short_hold(1, limits::kReceiveBatch + kLegBlocks));
  rig.auto_record = false;
  rig.talk(0, 0x11);
  rig.press(0, '1');
  REQUIRE(rig.gate(0) == Gate::opening);
  for (int i = 0; i < 2000; ++i) rig.talk(0, 0x22);
  rig.auto_record = true;
  rig.pass(20ms);
  REQUIRE(rig.gate(0) == Gate::open);
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x33);
  const FinishedCall finished = rig.end();
  const auto kept = tones(rig.opened(0));
  CHECK(kept.front() == 0x11);
  CHECK(std::count(kept.begin(), kept.end(), 0x33) == 50);
  REQUIRE(finished.gaps.size() == 1);
  CHECK(finished.gaps[0].second.packets == 2051 - kept.size());
}

TEST_CASE("a segment that ends while every block is in use gets its final frame when one is free") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x11);
  rig.pass(20ms);
  const auto finals = [&] {
    rig.pass(2s);
    return rig.final_pages();
  };
  REQUIRE(finals() == 0);

  rig.use_up_blocks();
  rig.call().roll_segments();
  CHECK(rig.call().legs()[0]->segments().is_behind());
  CHECK(finals() == 0);
  rig.end_shortage();
  CHECK(finals() == 1);
  CHECK_FALSE(rig.call().legs()[0]->segments().is_behind());

  for (int i = 0; i < 50; ++i) rig.talk(0, 0x22);
  const FinishedCall finished = rig.end();
  CHECK(rig.final_pages() == 2);
  CHECK(rig.segment_count(0) == 2);
  CHECK(rig.opened(0).size() == 100);
  CHECK(finished.gaps.empty());
}

TEST_CASE(
    "a call that ends while every block is in use is over when its last block has made room for its final frame") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x11);
  rig.use_up_blocks();
  rig.stall();
  std::optional<FinishedCall> finished;
  REQUIRE(rig.shard->end_call(rig.call_id, rig.now, [&](FinishedCall call) { finished = std::move(call); }));
  rig.pass(2s);
  CHECK_FALSE(finished);
  rig.end_stall();
  rig.pass(2s);
  REQUIRE(finished);
  CHECK(rig.final_pages() == 1);
  CHECK(rig.opened(0).size() == 50);
}

TEST_CASE("more gaps than can be told one by one are told as one that spans them, with the right sums") {
  AudioGaps gaps;
  const WallTime start(1'800'000'000s);
  for (int i = 0; i < 20; ++i) gaps.add({start + i * 10s, start + i * 10s + 400ms, 20});
  CHECK(gaps.sums().blocks == 20);
  CHECK(gaps.sums().packets == 400);
  CHECK(gaps.sums().time == 20 * 400ms);
  REQUIRE(gaps.list().size() == limits::kGapsPerLeg);
  CHECK(gaps.list().front() == AudioGap{start, start + 400ms, 1, 20});
  const AudioGap& last = gaps.list().back();
  CHECK(last.from == start + 70s);
  CHECK(last.to == start + 190s + 400ms);
  CHECK(last.packets == 13 * 20);
}

TEST_CASE("losses that follow each other are one gap") {
  AudioGaps gaps;
  const WallTime start(1'800'000'000s);
  for (int i = 0; i < 10; ++i) gaps.add({start + i * 460ms, start + (i + 1) * 460ms, 23});
  REQUIRE(gaps.list().size() == 1);
  CHECK(gaps.list()[0] == AudioGap{start, start + 4600ms, 10, 230});
}
