#include "bench/load/recording_match.h"

#include <deque>

#include "catch.h"

using namespace assent;
using namespace assent::load;

namespace {

const PayloadPattern kPattern(Seed(4));
constexpr LegNumber kLeg{1};

SentLeg sent(std::size_t packets, const StreamShape& shape = {}) {
  return {kLeg, StreamPlan(shape, Seed(4), kLeg), shape.payload_bytes(), std::vector<bool>(packets, true)};
}

// A recording of these packets, each where the sender meant it.
struct Recording {
  void add(std::uint32_t packet, milliseconds late = 0ms) {
    payloads.emplace_back(160);
    kPattern.fill(kLeg, PacketNumber(packet), payloads.back());
    blocks.push_back({packet * 20ms + late, payloads.back()});
  }
  RecordingMatch match(const SentLeg& of) const { return match_recording(blocks, of, kPattern); }

  std::deque<Bytes> payloads;
  std::vector<MatroskaBlock> blocks;
};

Recording recording(std::initializer_list<std::uint32_t> packets) {
  Recording made;
  for (const std::uint32_t packet : packets) made.add(packet);
  return made;
}

}  // namespace

TEST_CASE("a recording of all that was sent is whole") {
  const RecordingMatch match = recording({0, 1, 2, 3}).match(sent(4));
  CHECK(match.packets == 4);
  CHECK(match.is_whole());
}

TEST_CASE("what a network lost is not missing") {
  SentLeg leg = sent(4);
  leg.arrived[2] = false;
  CHECK(recording({0, 1, 3}).match(leg).is_whole());
  CHECK(recording({0, 1, 2, 3}).match(leg).foreign == 1);
}

TEST_CASE("packets before the first recorded one were skipped, later ones are missing") {
  const RecordingMatch match = recording({2, 3, 5}).match(sent(8));
  CHECK(match.skipped == 2);
  CHECK(match.missing == 3);
  CHECK_FALSE(match.is_whole());
}

TEST_CASE("a changed byte, a packet twice and one out of order are foreign") {
  Recording changed = recording({0, 1, 2});
  changed.payloads[1][77] ^= 0x80U;
  CHECK(changed.match(sent(3)).foreign == 1);
  CHECK(recording({0, 1, 1, 2}).match(sent(3)).foreign == 1);
  CHECK(recording({0, 2, 1}).match(sent(3)).foreign == 1);
}

TEST_CASE("a packet in the wrong place in time is told") {
  Recording late = recording({0, 1});
  late.add(2, 20ms);
  CHECK(late.match(sent(3)).shift == 20ms);
  CHECK_FALSE(late.match(sent(3)).is_whole());
}

TEST_CASE("another source may begin anywhere in time") {
  StreamShape shape;
  shape.source_change = 1s;
  Recording made;
  for (std::uint32_t i = 0; i < 100; ++i) made.add(i, i < 50 ? 0ms : 7ms);
  CHECK(made.match(sent(100, shape)).is_whole());
}

TEST_CASE("a recording of nothing is not whole") { CHECK_FALSE(recording({}).match(sent(0)).is_whole()); }
