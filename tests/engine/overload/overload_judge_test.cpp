#include "engine/overload/overload_judge.h"

#include <vector>

#include "catch.h"

namespace assent {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kReserve = 800 * kMiB;

// A judge in virtual time, asked every interval.
class Court {
 public:
  OverloadJudge judge{{kReserve}};
  OverloadSigns signs;
  MonoTime now{1000s};

  const OverloadVerdict& ask() {
    now += limits::kOverloadInterval;
    return judge.judge(signs, now);
  }
  // The stages seen, each once, while time passes.
  std::vector<OverloadStage> pass(nanoseconds time) {
    std::vector<OverloadStage> seen;
    for (const MonoTime end = now + time; now < end;) {
      const OverloadStage stage = ask().stage;
      if (seen.empty() || seen.back() != stage) seen.push_back(stage);
    }
    return seen;
  }
  OverloadStage settle_on() {
    pass(3s);
    return ask().stage;
  }
};

const std::vector<OverloadStage> kUpwards(kOverloadStages.begin(), kOverloadStages.end());

TEST_CASE("queues that keep up are no reason for anything") {
  Court court;
  court.signs[OverloadQueue::journal] = {1200ms, 100, 1000};  // the longest commit interval and a slow sync
  court.signs[OverloadQueue::seal] = {20ms, 3, 1000};
  court.signs[OverloadQueue::catalog] = {300ms, 10, 1000};
  CHECK(court.pass(60s) == std::vector{OverloadStage::calm});
  CHECK(court.ask().why.empty());
}

TEST_CASE("a disk that stalls for ten seconds makes everything wait in turn, and admission last") {
  Court court;
  std::vector<OverloadStage> seen;
  std::vector<nanoseconds> began;
  for (nanoseconds stalled = 0s; stalled <= 10s; stalled += limits::kOverloadInterval) {
    court.signs[OverloadQueue::journal].delay = stalled;
    const OverloadVerdict& verdict = court.ask();
    if (!verdict.changed) continue;
    seen.push_back(verdict.stage);
    began.push_back(stalled);
  }
  CHECK(seen == std::vector(kUpwards.begin() + 1, kUpwards.end()));
  CHECK(began == std::vector<nanoseconds>{2s, 4s, 6s, 8s});
}

TEST_CASE("each queue's delay is a reason by itself") {
  for (const OverloadQueue queue : kOverloadQueues) {
    for (std::size_t i = 0; i < 4; ++i) {
      Court court;
      court.signs[queue].delay = limits::kOverloadDelay[i] - 1ns;
      CHECK(court.settle_on() == kOverloadStages[i]);
      court.signs[queue].delay = limits::kOverloadDelay[i];
      CHECK(court.settle_on() == kOverloadStages[i + 1]);
    }
  }
}

TEST_CASE("so is each queue's fill") {
  for (const OverloadQueue queue : kOverloadQueues) {
    for (std::size_t i = 0; i < 4; ++i) {
      Court court;
      court.signs[queue] = {0s, limits::kOverloadPercent[i] * 10 - 1, 1000};
      CHECK(court.settle_on() == kOverloadStages[i]);
      court.signs[queue] = {0s, limits::kOverloadPercent[i] * 10, 1000};
      CHECK(court.settle_on() == kOverloadStages[i + 1]);
    }
  }
}

TEST_CASE("a queue of no capacity is never full") {
  Court court;
  court.signs[OverloadQueue::catalog] = {0s, 5, 0};
  CHECK(court.settle_on() == OverloadStage::calm);
}

TEST_CASE("a queue that is full at once still climbs one stage at a time") {
  Court court;
  court.signs[OverloadQueue::journal] = {0s, 1000, 1000};
  for (std::size_t i = 1; i <= 4; ++i) CHECK(court.ask().stage == kOverloadStages[i]);
  CHECK(court.ask().stage == OverloadStage::admission_stops);
  CHECK_FALSE(court.ask().changed);
}

TEST_CASE("a stage ends after a second below half of what began it, and so does the one below it") {
  Court court;
  court.signs[OverloadQueue::journal].delay = 9s;
  REQUIRE(court.settle_on() == OverloadStage::admission_stops);
  court.signs[OverloadQueue::journal].delay = 0s;
  const MonoTime calmed = court.now;
  std::vector<nanoseconds> ended;
  while (court.ask().stage != OverloadStage::calm) {
    if (court.judge.judge(court.signs, court.now).changed) FAIL("twice at one time");
    REQUIRE(court.now - calmed < 10s);
  }
  CHECK(court.now - calmed == 4 * limits::kOverloadCalm);
}

TEST_CASE("between half of its limit and its limit a stage stays as it is") {
  Court court;
  court.signs[OverloadQueue::journal].delay = 2s;
  REQUIRE(court.settle_on() == OverloadStage::queries_wait);
  court.signs[OverloadQueue::journal].delay = 1s;
  CHECK(court.pass(60s) == std::vector{OverloadStage::queries_wait});
  court.signs[OverloadQueue::journal].delay = 1s - 1ns;
  CHECK(court.settle_on() == OverloadStage::calm);
}

TEST_CASE("a reason that comes back within the second keeps the stage") {
  Court court;
  court.signs[OverloadQueue::seal].delay = 4s;
  REQUIRE(court.settle_on() == OverloadStage::settling_waits);
  for (int i = 0; i < 20; ++i) {
    court.signs[OverloadQueue::seal].delay = 0s;
    CHECK(court.pass(800ms) == std::vector{OverloadStage::settling_waits});
    court.signs[OverloadQueue::seal].delay = 4s;
    CHECK(court.pass(100ms) == std::vector{OverloadStage::settling_waits});
  }
}

TEST_CASE("a disk below its reserve stops admission and nothing else, until an eighth more is free") {
  Court court;
  court.signs.free_disk_bytes = kReserve;
  CHECK(court.ask().disk == DiskRoom::enough);
  court.signs.free_disk_bytes = kReserve - 1;
  CHECK(court.ask().disk == DiskRoom::reserve);
  CHECK(court.ask().stage == OverloadStage::calm);
  CHECK(court.ask().why == "the disk has 799 MiB free, and 800 MiB are kept to finish the calls in progress");
  court.signs.free_disk_bytes = kReserve + kReserve / 8 - 1;
  CHECK(court.ask().disk == DiskRoom::reserve);
  court.signs.free_disk_bytes = kReserve + kReserve / 8;
  CHECK(court.ask().changed);
  CHECK(court.ask().disk == DiskRoom::enough);
  CHECK(court.ask().why.empty());
}

TEST_CASE("the last of the disk is told apart, whatever the reserve is") {
  Court court;
  court.signs.free_disk_bytes = limits::kDiskFloorBytes - 1;
  CHECK(court.ask().disk == DiskRoom::floor);
  court.signs.free_disk_bytes = limits::kDiskFloorBytes;
  CHECK(court.ask().disk == DiskRoom::reserve);
}

TEST_CASE("a disk of which nothing is known is as it was") {
  Court court;
  CHECK(court.ask().disk == DiskRoom::enough);
  court.signs.free_disk_bytes = 0;
  court.ask();
  court.signs.free_disk_bytes.reset();
  CHECK(court.ask().disk == DiskRoom::floor);
}

TEST_CASE("the reason names the queue that is worst off") {
  Court court;
  court.signs[OverloadQueue::journal] = {2500ms, 40, 1000};
  court.signs[OverloadQueue::catalog] = {4200ms, 1, 1000};
  court.ask();
  CHECK(court.ask().why == "bookings have waited for the catalog for 4.2 s (0% of the queue's room is used)");
}

TEST_CASE("on the way down nothing is blamed that does not wait any more") {
  Court court;
  court.signs[OverloadQueue::journal].delay = 4s;
  REQUIRE(court.settle_on() == OverloadStage::settling_waits);
  court.signs[OverloadQueue::journal].delay = 100ms;
  while (court.ask().stage != OverloadStage::queries_wait) {
  }
  CHECK(court.ask().why == "what had waited is caught up with");
}

TEST_CASE("the time in each stage adds up to the time that has passed") {
  Court court;
  court.ask();
  const MonoTime start = court.now;
  court.pass(5s);
  court.signs[OverloadQueue::journal].delay = 2s;
  court.pass(3s);
  court.signs[OverloadQueue::journal].delay = 0s;
  court.pass(5s);
  const auto& times = court.judge.time_in_stages();
  nanoseconds sum{0};
  for (const nanoseconds time : times) sum += time;
  CHECK(sum == court.now - start);
  CHECK(times[1] == 3s - limits::kOverloadInterval + limits::kOverloadCalm);
}

}  // namespace
}  // namespace assent
