#include "pipelines/gst/leg_track.h"

#include "catch.h"
#include "tests/pipelines/gst/synthetic_leg.h"

using namespace assent;
using namespace assent::gst;
using namespace assent::test;

namespace {

constexpr Codec kPcmu{CodecName::pcmu, 8000, 1};

using Samples = std::vector<std::int16_t>;

// Everything a track has, read in steps of an odd size.
Samples samples_of(std::vector<Packet> packets, const TrackSpec& spec, std::size_t step = 777) {
  auto track = LegTrack::open(std::make_unique<SyntheticLeg>(std::move(packets)), spec);
  REQUIRE(track.has_value());
  Samples all;
  while (true) {
    Samples part(step);
    const auto got = (*track)->read(part);
    if (!got) FAIL(got.error().what);
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*got));
    if (*got < part.size()) return all;
  }
}

}  // namespace

TEST_CASE("every code of every G.711 table decodes to the formula's value") {
  for (const auto name : {CodecName::pcmu, CodecName::pcma}) {
    Packet packet{kOrigin, {name, 8000, 1}, Bytes(256)};
    for (std::size_t i = 0; i < 256; ++i) packet.payload[i] = static_cast<std::uint8_t>(i);
    CHECK(samples_of({packet}, {{kOrigin, kOrigin + 32ms}}) == decoded(packet));
  }
}

TEST_CASE("a track is silent before, between and after its packets, for exactly as long as they are apart") {
  std::mt19937 random(5);
  const auto first = random_packet(random, kOrigin + 30ms, kPcmu, 160);
  const auto second = random_packet(random, kOrigin + 50ms + 61s, kPcmu, 160);
  const auto got = samples_of({first, second}, {{kOrigin, kOrigin + 62s}});
  Samples expected(62 * 8000);
  const auto put = [&](const Packet& packet, std::ptrdiff_t at) {
    const auto samples = decoded(packet);
    std::copy(samples.begin(), samples.end(), expected.begin() + at);
  };
  put(first, 30 * 8);
  put(second, (50 + 61000) * 8);
  CHECK(got == expected);
}

TEST_CASE("a track of a leg without packets is silence") {
  CHECK(samples_of({}, {{kOrigin, kOrigin + 1s}}) == Samples(8000));
}

TEST_CASE("a track ends where its range ends, in the middle of a packet if need be") {
  std::mt19937 random(6);
  const auto packet = random_packet(random, kOrigin, kPcmu, 160);
  auto expected = decoded(packet);
  expected.resize(100);
  CHECK(samples_of({packet, packet, packet}, {{kOrigin, kOrigin + 12500us}}) == expected);
}

TEST_CASE("a codec change at the same rate joins without a seam") {
  std::mt19937 random(7);
  std::vector<Packet> packets;
  Samples expected;
  for (int i = 0; i < 30; ++i) {
    const Codec codec{static_cast<CodecName>(i / 10), 8000, 1};
    packets.push_back(random_packet(random, kOrigin + i * 20ms + (i >= 10 ? 1ms : 0ms), codec, 160));
    const auto samples = decoded(packets.back());
    expected.insert(expected.end(), samples.begin(), samples.end());
  }
  CHECK(samples_of(packets, {{kOrigin, kOrigin + 600ms}}) == expected);
}

TEST_CASE("a leg of another rate keeps its length and its place after resampling") {
  for (const std::uint32_t rate : {16000U, 44100U, 11025U, 48000U}) {
    INFO(rate);
    const Codec codec{CodecName::l16, rate, 1};
    const auto got = samples_of(tone(400, codec, 50), {{kOrigin, kOrigin + 2s}});
    REQUIRE(got.size() == 16000);
    const auto expected = tone(400, {CodecName::l16, 8000, 1}, 50);
    double worst = 0;
    for (std::size_t i = 100; i < 7900; ++i) {
      const auto ideal = 10000 * std::sin(2 * M_PI * 400 * static_cast<double>(i) / 8000);
      worst = std::max(worst, std::abs(ideal - got[i]));
    }
    CHECK(worst < 400);  // the resampler is late by less than a tenth of a sample; a whole one would make 3,100
    CHECK(std::all_of(got.begin() + 8000, got.end(), [](auto sample) { return sample == 0; }));
  }
}

TEST_CASE("a change of clock rate in the middle keeps what follows in its place") {
  auto packets = tone(400, {CodecName::l16, 44100, 1}, 25);
  std::mt19937 random(8);
  const auto after = random_packet(random, kOrigin + 500ms, kPcmu, 160);
  packets.push_back(after);
  const auto got = samples_of(packets, {{kOrigin, kOrigin + 520ms}});
  CHECK(Samples(got.begin() + 4000, got.end()) == decoded(after));
}

TEST_CASE("two channels of a payload are averaged") {
  const Packet packet{kOrigin, {CodecName::l16, 8000, 2}, Bytes{0x10, 0x00, 0x20, 0x00, 0x00, 0x10, 0xFF, 0xF0}};
  CHECK(samples_of({packet}, {{kOrigin, kOrigin + 250us}}) == Samples{0x1800, 0});
}

TEST_CASE("half a sample at a payload's end is left out") {
  const Packet packet{kOrigin, {CodecName::l16, 8000, 1}, Bytes{0x10, 0x00, 0x20}};
  CHECK(samples_of({packet}, {{kOrigin, kOrigin + 250us}}) == Samples{0x1000, 0});
}

TEST_CASE("a failing source fails the track with the source's own words") {
  auto track = LegTrack::open(std::make_unique<FailingLeg>(), {{kOrigin, kOrigin + 1s}});
  REQUIRE(track.has_value());
  Samples out(10);
  const auto got = (*track)->read(out);
  REQUIRE_FALSE(got);
  CHECK(got.error().what == "segment 7: frame 3");
}

TEST_CASE("a range that ends before it starts and a rate nobody uses are refused") {
  CHECK(total_samples({{kOrigin, kOrigin - 1ns}}).error().code == Errc::invalid);
  CHECK(total_samples({{kOrigin, kOrigin + 1s}, 0}).error().code == Errc::invalid);
  CHECK(total_samples({{kOrigin, kOrigin + 1s}, 44100}).value() == 44100);
}
