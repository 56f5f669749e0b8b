#include "engine/shard/alarm_clock.h"

#include <optional>
#include <vector>

#include "catch.h"

namespace assent {
namespace {

std::vector<AlarmClock::Place> rung(AlarmClock& clock, MonoTime now) {
  std::vector<AlarmClock::Place> places;
  clock.ring_due(now, [&](AlarmClock::Place place) { places.push_back(place); });
  return places;
}

constexpr MonoTime at(int ms) { return MonoTime(std::chrono::milliseconds(ms)); }

}  // namespace

TEST_CASE("a new alarm rings at once, and then no more until it is set") {
  AlarmClock clock;
  const Alarm alarm(clock);
  CHECK(rung(clock, at(1)) == std::vector{alarm.place()});
  CHECK(rung(clock, at(1'000'000)).empty());
}

TEST_CASE("an alarm rings when it is due, and can be advanced but not put off by advance") {
  AlarmClock clock;
  Alarm alarm(clock);
  static_cast<void>(rung(clock, at(0)));
  alarm.advance(at(50));
  alarm.advance(at(80));
  CHECK(rung(clock, at(49)).empty());
  CHECK(rung(clock, at(50)) == std::vector{alarm.place()});
}

TEST_CASE("an alarm that is set while it rings rings with the next sweep, not this one") {
  AlarmClock clock;
  Alarm alarm(clock);
  int times = 0;
  clock.ring_due(at(10), [&](AlarmClock::Place) {
    ++times;
    alarm.ring_soon();
  });
  CHECK(times == 1);
  CHECK(rung(clock, at(10)).size() == 1);
}

TEST_CASE("alarms may come and go while others ring, and their places are used again") {
  AlarmClock clock;
  const Alarm first(clock);
  std::optional<Alarm> second(std::in_place, clock);
  const AlarmClock::Place gone = second->place();
  std::optional<Alarm> third;
  std::vector<AlarmClock::Place> places;
  clock.ring_due(at(10), [&](AlarmClock::Place place) {
    places.push_back(place);
    if (place == first.place()) second.reset();
  });
  CHECK(places == std::vector{first.place()});
  third.emplace(clock);
  CHECK(third->place() == gone);
  CHECK(rung(clock, at(10)) == std::vector{gone});
}

}  // namespace assent
