#include "pipelines/gst/peaks.h"

#include "base/limits.h"
#include "catch.h"
#include "tests/pipelines/gst/synthetic_leg.h"

using namespace assent;
using namespace assent::gst;
using namespace assent::test;

TEST_CASE("peaks are the lowest and highest samples of each bucket, per leg") {
  std::mt19937 random(12);
  std::vector<Packet> packets;
  std::vector<std::int16_t> samples;
  for (int i = 0; i < 50; ++i) {
    packets.push_back(random_packet(random, kOrigin + i * 20ms, {CodecName::pcma, 8000, 1}, 160));
    const auto more = decoded(packets.back());
    samples.insert(samples.end(), more.begin(), more.end());
  }
  const std::size_t buckets = 37;
  const auto peaks = measure_peaks(legs_of({packets, {}}), {{kOrigin, kOrigin + 1s}}, buckets);
  REQUIRE(peaks.has_value());
  REQUIRE(peaks->size() == 2);
  REQUIRE(peaks->front().size() == buckets);
  for (std::size_t b = 0; b < buckets; ++b) {
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(b * samples.size() / buckets);
    const auto end = samples.begin() + static_cast<std::ptrdiff_t>((b + 1) * samples.size() / buckets);
    REQUIRE(peaks->front()[b] == Peak{*std::min_element(begin, end), *std::max_element(begin, end)});
  }
  CHECK(peaks->back() == std::vector<Peak>(buckets));
}

TEST_CASE("buckets that cover no sample are silent") {
  const Packet packet{kOrigin, {CodecName::l16, 8000, 1}, Bytes{0x01, 0x00}};
  const auto peaks = measure_peaks(legs_of({{packet}}), {{kOrigin, kOrigin + 125us}}, 4);
  REQUIRE(peaks.has_value());
  CHECK(peaks->front() == std::vector<Peak>{{}, {}, {}, {256, 256}});
}

TEST_CASE("no buckets, too many buckets and a failing leg are errors") {
  const TrackSpec spec{{kOrigin, kOrigin + 1s}};
  CHECK(measure_peaks(legs_of({{}}), spec, 0).error().code == Errc::invalid);
  CHECK(measure_peaks(legs_of({{}}), spec, limits::kPeakBuckets + 1).error().code == Errc::invalid);
  std::vector<std::unique_ptr<LegAudioSource>> failing;
  failing.push_back(std::make_unique<FailingLeg>());
  CHECK(measure_peaks(std::move(failing), spec, 10).error().code == Errc::corrupt);
}
