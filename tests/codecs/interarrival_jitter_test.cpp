#include "codecs/interarrival_jitter.h"

#include <cmath>
#include <random>

#include "catch.h"

using namespace assent;

namespace {

constexpr std::uint32_t kRate = 8000;

MonoTime after(double ms) { return MonoTime(nanoseconds(static_cast<std::int64_t>(ms * 1e6))); }

}  // namespace

TEST_CASE("packets that come as evenly as they were sent have no jitter") {
  InterarrivalJitter jitter;
  for (std::uint32_t i = 0; i < 100; ++i) jitter.see(RtpTimestamp(0xFFFFF000 + i * 160), after(20.0 * i), kRate);
  CHECK(jitter.now_ns() == 0);
  CHECK(jitter.most_ns() == 0);
}

TEST_CASE("jitter is what RFC 3550 says it is, in any order of arrival") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> late(0, 60);
    InterarrivalJitter jitter;
    // The formulas of section 6.4.1 as they stand there: D(i,j) = (Rj - Ri) - (Sj - Si), J += (|D| - J) / 16.
    double arrived = 0;
    double sent = 0;
    double expected_ms = 0;
    double most_ms = 0;
    double sum_ms = 0;
    const int packets = 1000;
    for (int i = 0; i < packets; ++i) {
      const int swapped = i ^ 1;  // every two come the wrong way round
      const double at = 20.0 * i + late(random);
      if (i > 0) {
        const double deviation = std::abs((at - arrived) - (20.0 * swapped - sent));
        expected_ms += (deviation - expected_ms) / 16;
        sum_ms += expected_ms;
      }
      most_ms = std::max(most_ms, expected_ms);
      arrived = at;
      sent = 20.0 * swapped;
      jitter.see(RtpTimestamp(static_cast<std::uint32_t>(swapped) * 160), after(at), kRate);
    }
    CHECK(jitter.now_ns() / 1e6 == Approx(expected_ms).margin(0.001));
    CHECK(jitter.most_ns() / 1e6 == Approx(most_ms).margin(0.001));
    CHECK(jitter.mean_ns() / 1e6 == Approx(sum_ms / (packets - 1)).margin(0.001));
  }
}

TEST_CASE("an interruption, and another stream, are no jitter") {
  InterarrivalJitter jitter;
  jitter.see(RtpTimestamp(0), after(0), kRate);
  jitter.see(RtpTimestamp(160), after(10'000), kRate);  // on hold, and the sender's clock stood still
  CHECK(jitter.now_ns() == 0);
  jitter.restart();
  jitter.see(RtpTimestamp(4'000'000'000), after(10'020), kRate);
  CHECK(jitter.now_ns() == 0);
  jitter.see(RtpTimestamp(4'000'000'160), after(10'056), kRate);
  CHECK(jitter.now_ns() == 1'000'000);  // 16 ms too late, and a sixteenth of it counts
}
