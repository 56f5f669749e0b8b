#include "bench/load/packet_schedule.h"

#include <map>

#include "catch.h"

using namespace assent;
using namespace assent::load;

namespace {

constexpr Seed kSeed{1};

using Packet = std::pair<std::uint32_t, std::uint32_t>;  // leg, number
using Slots = std::map<std::uint64_t, std::vector<Packet>>;

// What leaves in the slots before `until`, by slot.
Slots play(PacketSchedule& schedule, std::uint64_t until, std::uint64_t from = 0) {
  Slots slots;
  for (std::uint64_t slot = from; slot < until; ++slot) {
    std::vector<Departure> departures;
    schedule.take(Slot(slot), departures);
    for (const Departure& each : departures) slots[slot].emplace_back(each.leg.value, each.packet.value);
  }
  return slots;
}

}  // namespace

TEST_CASE("legs keep their phases, a packet every packet time") {
  PacketSchedule schedule({}, {}, kSeed);
  schedule.begin(LegNumber(0), Slot(0));
  schedule.begin(LegNumber(1), Slot(7));
  CHECK(play(schedule, 50) ==
        Slots{{0, {{0, 0}}}, {7, {{1, 0}}}, {20, {{0, 1}}}, {27, {{1, 1}}}, {40, {{0, 2}}}, {47, {{1, 2}}}});
}

TEST_CASE("silence longer than the wheel is waited for") {
  StreamShape shape;
  shape.talk = 20ms;
  shape.silence = 10s;
  PacketSchedule schedule(shape, {}, kSeed);
  schedule.begin(LegNumber(0), Slot(3));
  CHECK(play(schedule, 20'000) == Slots{{3, {{0, 0}}}, {10'023, {{0, 1}}}});
}

TEST_CASE("a burst leaves in one slot, in order") {
  StreamShape shape;
  shape.burst = 3;
  PacketSchedule schedule(shape, {}, kSeed);
  schedule.begin(LegNumber(0), Slot(0));
  CHECK(play(schedule, 120) == Slots{{40, {{0, 0}, {0, 1}, {0, 2}}}, {100, {{0, 3}, {0, 4}, {0, 5}}}});
}

TEST_CASE("what the path loses does not leave, what it doubles leaves twice, and both are counted") {
  Impairments impairments;
  impairments.good_to_bad = 0.1;
  impairments.bad_to_good = 0.5;
  impairments.duplicate = 0.1;
  impairments.jitter = 15ms;
  PacketSchedule schedule({}, impairments, kSeed);
  schedule.begin(LegNumber(0), Slot(0));
  Slots slots = play(schedule, 20'000);
  const std::size_t packets = schedule.end(LegNumber(0));
  CHECK(packets == 1000);
  slots.merge(play(schedule, 20'100, 20'000));
  CHECK_FALSE(schedule.is_delaying());

  std::vector<int> left(packets);
  std::size_t all = 0;
  for (const auto& [slot, each] : slots) {
    for (const auto& [leg, packet] : each) {
      ++left[packet];
      ++all;
    }
  }
  const auto arrive = arriving(NetworkPath(impairments, kSeed, LegNumber(0)), packets);
  for (std::size_t i = 0; i < packets; ++i) REQUIRE((left[i] > 0) == arrive[i]);
  CHECK(all == packets - schedule.counts().lost + schedule.counts().duplicated);
  CHECK(schedule.counts().lost > 50);
  CHECK(schedule.counts().duplicated > 50);
}

TEST_CASE("the first packet of a stream is not delayed") {
  Impairments impairments;
  impairments.reorder = 1;
  PacketSchedule schedule({}, impairments, kSeed);
  schedule.begin(LegNumber(0), Slot(0));
  CHECK(play(schedule, 60) == Slots{{0, {{0, 0}}}, {50, {{0, 1}}}});
}

TEST_CASE("a leg that ended sends nothing new, and says how many packets it had") {
  PacketSchedule schedule({}, {}, kSeed);
  schedule.begin(LegNumber(0), Slot(0));
  (void)play(schedule, 41);
  CHECK(schedule.end(LegNumber(0)) == 3);
  CHECK(play(schedule, 200, 41).empty());
}
