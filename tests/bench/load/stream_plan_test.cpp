#include "bench/load/stream_plan.h"

#include "catch.h"

using namespace assent;
using namespace assent::load;

namespace {

constexpr Seed kSeed{1};
constexpr LegNumber kLeg{2};

StreamPlan plan_of(const StreamShape& shape) { return StreamPlan(shape, kSeed, kLeg); }
RtpHeader header(const StreamPlan& plan, std::uint32_t packet) { return plan.header(PacketNumber(packet)); }
milliseconds due(const StreamPlan& plan, std::uint32_t packet) { return plan.due(PacketNumber(packet)); }

}  // namespace

TEST_CASE("a plain stream is due every packet time, and its numbers step by one and by the samples") {
  const StreamPlan plan = plan_of({});
  for (std::uint32_t i = 0; i < 70'000; i += 7) {
    REQUIRE(due(plan, i) == i * 20ms);
    REQUIRE(distance(header(plan, i).sequence, header(plan, i + 1).sequence) == 1);
    REQUIRE(distance(header(plan, i).timestamp, header(plan, i + 1).timestamp) == 160);
    REQUIRE(header(plan, i).ssrc == header(plan, 0).ssrc);
    REQUIRE(header(plan, i).marker == (i == 0));
  }
}

TEST_CASE("the codec decides the payload type, the packet time the payload") {
  StreamShape shape;
  CHECK(shape.payload_type() == 0);
  CHECK(shape.payload_bytes() == 160);
  shape.codec = CodecName::pcma;
  shape.packet_time = 30ms;
  CHECK(shape.payload_type() == 8);
  CHECK(shape.payload_bytes() == 240);
}

TEST_CASE("silence steps the timestamp and not the sequence number, and talk begins with a marker") {
  StreamShape shape;
  shape.talk = 100ms;
  shape.silence = 205ms;  // of which whole packets count
  const StreamPlan plan = plan_of(shape);
  CHECK(due(plan, 4) == 80ms);
  CHECK(due(plan, 5) == 300ms);
  CHECK(due(plan, 10) == 600ms);
  CHECK(distance(header(plan, 4).sequence, header(plan, 5).sequence) == 1);
  CHECK(distance(header(plan, 4).timestamp, header(plan, 5).timestamp) == 11 * 160);
  CHECK_FALSE(header(plan, 4).marker);
  CHECK(header(plan, 5).marker);
}

TEST_CASE("a change of source begins all numbers anew, and the time goes on") {
  StreamShape shape;
  shape.source_change = 2s;
  const StreamPlan plan = plan_of(shape);
  CHECK(header(plan, 99).ssrc == header(plan, 0).ssrc);
  CHECK(header(plan, 100).ssrc != header(plan, 99).ssrc);
  CHECK(distance(header(plan, 99).sequence, header(plan, 100).sequence) != 1);
  CHECK(distance(header(plan, 100).sequence, header(plan, 101).sequence) == 1);
  CHECK(due(plan, 100) == 2s);
  CHECK(plan.source(PacketNumber(99)) == 0);
  CHECK(plan.source(PacketNumber(100)) == 1);
}

TEST_CASE("a burst leaves when its last packet is due, with the timestamps of a plain stream") {
  StreamShape shape;
  shape.burst = 5;
  const StreamPlan plan = plan_of(shape);
  CHECK(due(plan, 0) == 80ms);
  CHECK(due(plan, 4) == 80ms);
  CHECK(due(plan, 5) == 180ms);
  CHECK(distance(header(plan, 0).timestamp, header(plan, 4).timestamp) == 4 * 160);
}
