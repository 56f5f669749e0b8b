#include "codecs/rtp_timeline.h"

#include <algorithm>
#include <random>
#include <vector>

#include "base/limits.h"
#include "catch.h"

using namespace assent;

namespace {

constexpr WallTime kStart{seconds(1'800'000'000)};

Now arrival(nanoseconds since_start) { return {MonoTime(1h + since_start), kStart + since_start}; }

nanoseconds since_start(WallTime time) { return time - kStart; }

SenderReport report(WallTime wall, std::uint32_t timestamp) {
  return {Ssrc(1), ntp_time_of(wall), RtpTimestamp(timestamp), 0, 0};
}

// A timeline of 8000 Hz packets of 20 ms, `count` of them placed from timestamp 0 on, arriving when they are due.
RtpTimeline started(int count) {
  RtpTimeline timeline(8000);
  for (int i = 0; i < count; ++i)
    timeline.place(RtpTimestamp(static_cast<std::uint32_t>(160 * i)), 160, arrival(i * 20ms));
  return timeline;
}

}  // namespace

TEST_CASE("the first packet is placed at its arrival, the next by their timestamps") {
  RtpTimeline timeline(8000);
  const auto first = timeline.place(RtpTimestamp(0xFFFFFFF0), 160, arrival(3ms));
  CHECK(first.anchored);
  CHECK(since_start(first.at) == 3ms);
  const auto second = timeline.place(RtpTimestamp(0x90), 160, arrival(61ms));  // 40 ms late, and across the wrap
  CHECK_FALSE(second.anchored);
  CHECK(since_start(second.at) == 23ms);
}

TEST_CASE("a clock that changes in mid-stream has no seam, where no packet is missing and it comes in time") {
  using Follows = RtpTimeline::Follows;
  struct Case {
    Follows follows;
    nanoseconds arrives;
    nanoseconds placed;
  };
  const Case cases[] = {{Follows::the_packet_before, 60ms, 60ms},
                        {Follows::the_packet_before, 85ms, 60ms},
                        {Follows::the_packet_before, 40ms, 60ms},
                        {Follows::the_packet_before, 500ms, 500ms},
                        {Follows::a_gap, 80ms, 80ms},
                        {Follows::a_gap, 30ms, 60ms}};
  for (const Case& each : cases) {
    RtpTimeline timeline = started(3);
    timeline.change_clock(48000, each.follows);
    const auto first = timeline.place(RtpTimestamp(77), 960, arrival(each.arrives));
    INFO(each.arrives.count());
    CHECK(first.anchored);
    CHECK(since_start(first.at) == each.placed);
    CHECK(since_start(timeline.place(RtpTimestamp(77 + 960), 960, arrival(each.arrives + 20ms)).at) ==
          each.placed + 20ms);
  }
}

TEST_CASE("a clock that changes goes on from where the sender's own clock has moved the timeline") {
  RtpTimeline timeline = started(3);
  timeline.on_sender_report(report(kStart + 300ms, 0), arrival(40ms));
  REQUIRE(timeline.adopt_sender_report());
  const auto moved = timeline.place(RtpTimestamp(480), 160, arrival(60ms));
  CHECK(since_start(moved.at) == 360ms);
  timeline.change_clock(48000, RtpTimeline::Follows::the_packet_before);
  CHECK(since_start(timeline.place(RtpTimestamp(5), 960, arrival(80ms)).at) == 380ms);
}

TEST_CASE("a step in the timestamp stays a hole in time") {
  RtpTimeline timeline = started(1);
  CHECK(since_start(timeline.place(RtpTimestamp(8000), 160, arrival(1s)).at) == 1s);
}

TEST_CASE("positions are exact after days, at every clock rate") {
  for (const std::uint32_t rate : {8000U, 11025U, 22050U, 44100U, 48000U}) {
    RtpTimeline timeline(rate);
    timeline.place(RtpTimestamp(0), 1, arrival(0s));
    // A packet a minute; every tick count is a whole number of minutes, so every place must be, too.
    std::uint32_t timestamp = 0;
    for (int minute = 1; minute <= 3 * 24 * 60; ++minute) {
      timestamp += rate * 60;
      const auto place = timeline.place(RtpTimestamp(timestamp), 1, arrival(minute * 60s));
      REQUIRE(since_start(place.at) == minute * 60s);
    }
    CHECK(timeline.counts().jumps == 0);
  }
}

TEST_CASE("a clock that ends in fractions of a nanosecond does not drift") {
  RtpTimeline timeline(11025);
  timeline.place(RtpTimestamp(0), 1, arrival(0s));
  for (std::uint32_t tick = 1; tick <= 11025 * 4; ++tick) {
    const nanoseconds due(std::int64_t{tick} * 1'000'000'000 / 11025);
    REQUIRE(since_start(timeline.place(RtpTimestamp(tick), 1, arrival(due)).at) == due);
  }
}

TEST_CASE("packets that overlap are laid end to end") {
  RtpTimeline timeline = started(1);
  CHECK(since_start(timeline.place(RtpTimestamp(150), 160, arrival(20ms)).at) == 20ms);
  CHECK(since_start(timeline.place(RtpTimestamp(320), 160, arrival(40ms)).at) == 40ms);
}

TEST_CASE("a timestamp that stands still is laid end to end") {
  RtpTimeline timeline(8000);
  for (int i = 0; i < 50; ++i) {
    CHECK(since_start(timeline.place(RtpTimestamp(77), 160, arrival(i * 20ms)).at) == i * 20ms);
  }
}

TEST_CASE("a timestamp jump is anchored anew by arrival") {
  for (const std::uint32_t jumped : {0x40000000U, 0xC0000000U}) {
    RtpTimeline timeline = started(10);
    const auto place = timeline.place(RtpTimestamp(jumped), 160, arrival(250ms));
    CHECK(place.anchored);
    CHECK(since_start(place.at) == 250ms);
    CHECK(timeline.counts().jumps == 1);
    CHECK(since_start(timeline.place(RtpTimestamp(jumped + 160), 160, arrival(270ms)).at) == 270ms);
  }
}

TEST_CASE("a pause in which the timestamp stood still becomes a hole") {
  RtpTimeline timeline = started(10);
  CHECK(since_start(timeline.place(RtpTimestamp(1600), 160, arrival(1min)).at) == 1min);
}

TEST_CASE("a short pause in which the timestamp stood still becomes a hole when the stream stays late") {
  RtpTimeline timeline = started(3);
  std::vector<nanoseconds> late;
  for (int i = 3; i < 40; ++i) {
    const nanoseconds arrived = i * 20ms + 3s;  // on hold for three seconds
    const auto placed = timeline.place(RtpTimestamp(static_cast<std::uint32_t>(160 * i)), 160, arrival(arrived));
    late.push_back(arrived - since_start(placed.at));
  }
  CHECK(std::count(late.begin(), late.end(), 3s) == limits::kLateFor / 20ms);
  CHECK(std::count(late.begin(), late.end(), 0s) == 37 - limits::kLateFor / 20ms);
  CHECK(timeline.counts().jumps == 1);
}

TEST_CASE("packets that were held up for seconds and come in a burst stay where their timestamps say") {
  RtpTimeline timeline = started(3);
  for (int i = 3; i < 400; ++i) {
    // Two seconds of them at once, at the end of that time; then as they are due.
    const nanoseconds arrived = std::max<nanoseconds>(i * 20ms, 2060ms);
    const auto placed = timeline.place(RtpTimestamp(static_cast<std::uint32_t>(160 * i)), 160, arrival(arrived));
    REQUIRE(since_start(placed.at) == i * 20ms);
  }
  CHECK(timeline.counts().jumps == 0);
}

TEST_CASE("a stream whose delay grows on its way, and stays, is not anchored anew") {
  RtpTimeline timeline = started(3);
  for (int i = 3; i < 800; ++i) {
    const nanoseconds arrived = i * 20ms + std::min<nanoseconds>((i - 3) * 5ms, 2s);
    const auto placed = timeline.place(RtpTimestamp(static_cast<std::uint32_t>(160 * i)), 160, arrival(arrived));
    REQUIRE(since_start(placed.at) == i * 20ms);
  }
  CHECK(timeline.counts().jumps == 0);
}

TEST_CASE("packets that came as foreseen, later and later, are no silence before those that are too late") {
  RtpTimeline timeline = started(3);
  timeline.passed(100 * 160, arrival(102 * 20ms + 990ms).mono);
  for (int i = 103; i < 200; ++i) {
    timeline.place(RtpTimestamp(static_cast<std::uint32_t>(160 * i)), 160, arrival(i * 20ms + 1010ms));
  }
  CHECK(timeline.counts().jumps == 0);
}

TEST_CASE("a stream that is late now and then is not anchored anew") {
  RtpTimeline timeline = started(3);
  for (int i = 3; i < 400; ++i) {
    const nanoseconds arrived = i * 20ms + (i % 20 == 0 ? 0ms : 1500ms);
    timeline.place(RtpTimestamp(static_cast<std::uint32_t>(160 * i)), 160, arrival(arrived));
  }
  CHECK(timeline.counts().jumps == 0);
}

TEST_CASE("a small disagreement with arrival is jitter, not a jump") {
  RtpTimeline timeline = started(10);
  CHECK(since_start(timeline.place(RtpTimestamp(1600), 160, arrival(4900ms)).at) == 200ms);
  CHECK(timeline.counts().jumps == 0);
}

TEST_CASE("after a stall the packets that burst in are laid end to end, none before another") {
  RtpTimeline timeline = started(10);
  WallTime end = kStart + 200ms;
  for (std::uint32_t i = 10; i < 1000; ++i) {  // 20 s of packets, all arriving at 20 s
    const auto place = timeline.place(RtpTimestamp(160 * i), 160, arrival(20s));
    REQUIRE(place.at >= end);
    end = place.at + 20ms;
  }
}

TEST_CASE("another stream is placed by arrival, but never before what was placed") {
  RtpTimeline timeline = started(10);
  timeline.restart(8000);
  const auto place = timeline.place(RtpTimestamp(999'999), 160, arrival(190ms));
  CHECK(place.anchored);
  CHECK(since_start(place.at) == 200ms);
  // The ten milliseconds are made up for in the next hole.
  CHECK(since_start(timeline.place(RtpTimestamp(999'999 + 1600), 160, arrival(390ms)).at) == 390ms);
}

TEST_CASE("another clock rate goes on from where the one before ended") {
  RtpTimeline timeline = started(10);
  timeline.restart(48000);
  CHECK(since_start(timeline.place(RtpTimestamp(5), 960, arrival(200ms)).at) == 200ms);
  CHECK(since_start(timeline.place(RtpTimestamp(965), 960, arrival(220ms)).at) == 220ms);
}

TEST_CASE("an instant of the media clock can be located without being placed") {
  RtpTimeline timeline(8000);
  CHECK(since_start(timeline.locate(RtpTimestamp(5), arrival(7ms))) == 7ms);
  timeline = started(10);
  CHECK(since_start(timeline.locate(RtpTimestamp(800), arrival(300ms))) == 100ms);
  CHECK(since_start(timeline.locate(RtpTimestamp(0x70000000), arrival(300ms))) == 300ms);
  CHECK(since_start(timeline.place(RtpTimestamp(1600), 160, arrival(200ms)).at) == 200ms);
}

TEST_CASE("a sender report moves nothing until it is adopted") {
  RtpTimeline timeline = started(10);
  timeline.on_sender_report(report(kStart + 300ms, 1600), arrival(200ms));  // the sender's clock is 100 ms ahead
  CHECK(since_start(timeline.place(RtpTimestamp(1600), 160, arrival(200ms)).at) == 200ms);
  CHECK(timeline.adopt_sender_report());
  CHECK(since_start(timeline.place(RtpTimestamp(1760), 160, arrival(220ms)).at) == 320ms);
  CHECK(timeline.counts().reports_adopted == 1);
  CHECK_FALSE(timeline.adopt_sender_report());
}

TEST_CASE("a sender whose clock is behind is followed without stepping back") {
  RtpTimeline timeline = started(10);
  timeline.on_sender_report(report(kStart + 100ms, 1600), arrival(200ms));
  CHECK(timeline.adopt_sender_report());
  CHECK(since_start(timeline.place(RtpTimestamp(1600), 160, arrival(200ms)).at) == 200ms);
  CHECK(since_start(timeline.place(RtpTimestamp(1760), 160, arrival(220ms)).at) == 220ms);
  // Silence of a second: the hole takes up the difference.
  CHECK(since_start(timeline.place(RtpTimestamp(1920 + 8000), 160, arrival(1240ms)).at) == 1140ms);
}

TEST_CASE("a report that agrees with the anchor, or cannot be right, is ignored") {
  RtpTimeline timeline = started(10);
  timeline.on_sender_report(report(kStart + 215ms, 1600), arrival(200ms));  // 15 ms: within arrival's own jitter
  CHECK_FALSE(timeline.adopt_sender_report());
  timeline.on_sender_report(report(kStart + 1h, 1600), arrival(200ms));  // the sender's clock is wrong
  CHECK_FALSE(timeline.adopt_sender_report());
  timeline.on_sender_report(report(kStart + 300ms, 0x70000000), arrival(200ms));  // not this stream's timestamps
  CHECK_FALSE(timeline.adopt_sender_report());
  timeline.on_sender_report({Ssrc(1), NtpTime(0), RtpTimestamp(1600), 0, 0}, arrival(200ms));  // no wall clock at all
  CHECK_FALSE(timeline.adopt_sender_report());
  CHECK(timeline.counts().reports_ignored == 4);
  CHECK(since_start(timeline.place(RtpTimestamp(1600), 160, arrival(200ms)).at) == 200ms);
}

TEST_CASE("a report that came before the first packet can be adopted after it") {
  RtpTimeline timeline(8000);
  timeline.on_sender_report(report(kStart + 1s, 0), arrival(0ms));
  CHECK_FALSE(timeline.adopt_sender_report());
  timeline.place(RtpTimestamp(160), 160, arrival(20ms));
  CHECK(timeline.adopt_sender_report());
  CHECK(since_start(timeline.place(RtpTimestamp(320), 160, arrival(40ms)).at) == 1040ms);
}

TEST_CASE("whatever comes, the timeline never goes backward") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    RtpTimeline timeline(8000);
    std::uint32_t timestamp = static_cast<std::uint32_t>(random());
    nanoseconds now = 0s;
    WallTime end{};
    for (int i = 0; i < 400; ++i) {
      switch (random() % 12) {
        case 0: timestamp = static_cast<std::uint32_t>(random()); break;
        case 1: timestamp -= 400; break;
        case 2: timestamp += 24000; break;
        case 3: timeline.restart(8000); break;
        case 4:
          timeline.on_sender_report(report(kStart + now + milliseconds(random() % 8000) - 4s, timestamp), arrival(now));
          break;
        case 5: (void)timeline.adopt_sender_report(); break;
        case 6: now += milliseconds(random() % 10000); break;
        default: timestamp += 160;
      }
      now += 20ms;
      const auto place = timeline.place(RtpTimestamp(timestamp), 160, arrival(now));
      CAPTURE(seed, i);
      REQUIRE(place.at >= end);
      end = place.at + 20ms;
    }
  }
}
