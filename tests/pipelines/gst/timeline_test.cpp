#include "pipelines/gst/timeline.h"

#include <random>

#include "catch.h"

using namespace assent;
using namespace assent::gst;

namespace {

const WallTime kOrigin = *parse_rfc3339("2026-03-04T05:06:07.250Z");

Timeline line_at(std::uint32_t rate_hz) { return {kOrigin, rate_hz, Timeline::Begins::afresh}; }

bool is(const Placement& got, std::uint64_t silence, std::size_t skip, std::size_t take) {
  return got.silence == silence && got.skip == skip && got.take == take;
}

}  // namespace

TEST_CASE("samples in a time are exact at every rate, for long and for negative times") {
  CHECK(samples_in(20ms, 8000) == 160);
  CHECK(samples_in(-20ms, 8000) == -160);
  CHECK(samples_in(24h * 366, 48000) == 366LL * 24 * 3600 * 48000);
  CHECK(samples_in(1s, 11025) == 11025);
  CHECK(samples_in(62500ns, 8000) == 1);
}

TEST_CASE("packets that follow each other are laid without a seam") {
  auto line = line_at(8000);
  for (int i = 0; i < 500; ++i) REQUIRE(is(line.place(kOrigin + i * 20ms, 160), 0, 0, 160));
  CHECK(line.length() == 500 * 160);
}

TEST_CASE("times rounded to milliseconds neither insert nor drop a sample") {
  // 220 and 221 samples at 11,025 Hz are 19.95 and 20.04 ms: no packet begins on a whole millisecond.
  auto line = line_at(11025);
  std::uint64_t sent = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::size_t samples = 220 + static_cast<std::size_t>(i % 2);
    const auto exact = nanoseconds(sent * 1000000000 / 11025);
    REQUIRE(is(line.place(std::chrono::floor<milliseconds>(kOrigin + exact), samples), 0, 0, samples));
    sent += samples;
  }
  CHECK(line.length() == sent);
}

TEST_CASE("lost packets leave a hole of exactly their length") {
  auto line = line_at(8000);
  line.place(kOrigin, 160);
  CHECK(is(line.place(kOrigin + 80ms, 160), 3 * 160, 0, 160));
  CHECK(line.length() == 5 * 160);
}

TEST_CASE("lost packets whose length is no whole millisecond leave a hole of whole packets") {
  auto line = line_at(11025);
  std::uint64_t sent = 0;
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i, sent += 220) {
    const bool lost = random() % 10 == 0;
    const auto exact = nanoseconds(sent * 1000000000 / 11025);
    if (!lost) line.place(std::chrono::floor<milliseconds>(kOrigin + exact), 220);
    if (!lost) REQUIRE(line.length() == sent + 220);
  }
}

TEST_CASE("a hole that is no whole packets keeps the length its times give") {
  auto line = line_at(8000);
  line.place(kOrigin, 160);
  CHECK(is(line.place(kOrigin + 20ms + 37ms, 160), 37 * 8, 0, 160));
}

TEST_CASE("a leg that begins later begins with silence, to the millisecond") {
  auto line = line_at(8000);
  CHECK(is(line.place(kOrigin + 1ms, 160), 8, 0, 160));
}

TEST_CASE("what lies before the origin is left out") {
  auto line = line_at(8000);
  CHECK(is(line.place(kOrigin - 30ms, 160), 0, 160, 0));
  CHECK(is(line.place(kOrigin - 10ms, 160), 0, 80, 80));
  CHECK(is(line.place(kOrigin + 10ms, 160), 0, 0, 160));
}

TEST_CASE("a packet that lies on an earlier one loses what is covered, and the line never shrinks") {
  auto line = line_at(8000);
  line.place(kOrigin, 160);
  CHECK(is(line.place(kOrigin + 10ms, 160), 0, 80, 80));
  CHECK(line.length() == 240);
  CHECK(is(line.place(kOrigin + 5ms, 160), 0, 160, 0));
  CHECK(line.length() == 240);
  CHECK(is(line.place(kOrigin + 30ms, 160), 0, 0, 160));
}

TEST_CASE("a line that continues another joins its first packet without a seam") {
  Timeline line(kOrigin, 8000, Timeline::Begins::as_continuation);
  CHECK(is(line.place(kOrigin + 1ms, 160), 0, 0, 160));
}

TEST_CASE("a packet of no samples moves nothing") {
  auto line = line_at(8000);
  CHECK(is(line.place(kOrigin + 20ms, 0), 160, 0, 0));
  CHECK(is(line.place(kOrigin + 20ms, 160), 0, 0, 160));
}
