#include "base/latency_histogram.h"

#include <thread>

#include "catch.h"

namespace assent {

TEST_CASE("a latency is counted in the first step whose bound it does not exceed") {
  LatencyHistogram histogram;
  histogram.add(15ms);
  histogram.add(15ms + 1ns);
  histogram.add(-1ms);
  histogram.add(1h);
  const LatencyCounts counts = histogram.counts();
  CHECK(counts.steps.front() == 1);
  CHECK(counts.steps.back() == 1);
  const auto at = [&](nanoseconds bound) {
    const auto found = std::find(kLatencyBounds.begin(), kLatencyBounds.end(), bound);
    REQUIRE(found != kLatencyBounds.end());
    return counts.steps.at(static_cast<std::size_t>(found - kLatencyBounds.begin()));
  };
  CHECK(at(15ms) == 1);
  CHECK(at(20ms) == 1);
  CHECK(at(500ms) == 0);
  CHECK(counts.total() == 4);
  CHECK(counts.sum_us == 15000 + 15000 + 0 + 3'600'000'000);
}

TEST_CASE("many that took as long are counted at once") {
  LatencyHistogram histogram;
  histogram.add(2ms, 1000);
  CHECK(histogram.counts().total() == 1000);
  CHECK(histogram.counts().sum_us == 2'000'000);
}

TEST_CASE("a histogram is read while another thread writes it, and never goes back") {
  constexpr std::uint64_t kTimes = 200'000;
  LatencyHistogram histogram;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kTimes; ++i) histogram.add(1us * (i % 100'000));
  });
  std::uint64_t before = 0;
  while (before < kTimes) {
    const std::uint64_t total = histogram.counts().total();
    REQUIRE(total >= before);
    before = total;
  }
  writer.join();
  CHECK(histogram.counts().total() == kTimes);
}

}  // namespace assent
