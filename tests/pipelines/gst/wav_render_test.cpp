#include "pipelines/gst/wav_render.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "catch.h"
#include "tests/pipelines/gst/synthetic_leg.h"

using namespace assent;
using namespace assent::gst;
using namespace assent::test;

namespace {

using Samples = std::vector<std::int16_t>;

Bytes wav_of(std::vector<std::vector<Packet>> legs, const TrackSpec& spec, std::size_t step = 10007) {
  auto render = WavRender::open(legs_of(std::move(legs)), spec);
  if (!render) FAIL(render.error().what);
  Bytes all;
  Bytes part(step);
  while (true) {
    const auto got = (*render)->read(part);
    if (!got) FAIL(got.error().what);
    if (*got == 0) break;
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  REQUIRE(all.size() == (*render)->total_bytes());
  return all;
}

// One channel of the samples behind the head.
Samples channel_of(const Bytes& wav, std::size_t channel, std::size_t channels) {
  Samples samples;
  for (std::size_t at = kWavHeadBytes + 2 * channel; at + 1 < wav.size(); at += 2 * channels) {
    samples.push_back(static_cast<std::int16_t>(wav[at] | (wav[at + 1] << 8)));
  }
  return samples;
}

struct RandomLeg {
  std::vector<Packet> packets;
  Samples expected;  // the whole range, silence where there is no packet
};

// Packets of 20 ms with single losses, long pauses, and a codec change between PCMU and PCMA now and then.
RandomLeg random_leg(std::mt19937& random, int packets_in_range, int first_packet) {
  RandomLeg leg;
  leg.expected.resize(static_cast<std::size_t>(packets_in_range) * 160);
  Codec codec{CodecName::pcmu, 8000, 1};
  for (int i = first_packet; i < packets_in_range; ++i) {
    if (random() % 20 == 0) continue;
    if (random() % 200 == 0) i += static_cast<int>(random() % 300);
    if (random() % 100 == 0) codec.name = codec.name == CodecName::pcmu ? CodecName::pcma : CodecName::pcmu;
    if (i >= packets_in_range) break;
    leg.packets.push_back(random_packet(random, kOrigin + i * 20ms, codec, 160));
    const auto samples = decoded(leg.packets.back());
    std::copy(samples.begin(), samples.end(), leg.expected.begin() + i * 160);
  }
  return leg;
}

std::size_t threads_of_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace

TEST_CASE("two legs with holes are rendered left and right, sample for sample") {
  std::mt19937 random(20260304);
  for (int round = 0; round < 5; ++round) {
    const auto left = random_leg(random, 3000, 0);
    const auto right = random_leg(random, 3000, static_cast<int>(random() % 50));
    const auto wav = wav_of({left.packets, right.packets}, {{kOrigin, kOrigin + 60s}});
    INFO("round " << round);
    REQUIRE(wav.size() == kWavHeadBytes + 60 * 8000 * 4);
    REQUIRE((channel_of(wav, 0, 2) == left.expected));
    REQUIRE((channel_of(wav, 1, 2) == right.expected));
  }
}

TEST_CASE("a single leg is mono") {
  std::mt19937 random(3);
  const auto leg = random_leg(random, 500, 0);
  const auto wav = wav_of({leg.packets}, {{kOrigin, kOrigin + 10s}});
  CHECK(wav[22] == 1);
  CHECK((channel_of(wav, 0, 1) == leg.expected));
}

TEST_CASE("more than two legs are added on their sides and limited to sixteen bits") {
  std::mt19937 random(4);
  std::vector<RandomLeg> legs;
  for (int i = 0; i < 5; ++i) legs.push_back(random_leg(random, 100, 0));
  const auto wav = wav_of({legs[0].packets, legs[1].packets, legs[2].packets, legs[3].packets, legs[4].packets},
                          {{kOrigin, kOrigin + 2s}});
  // Each addition is limited by itself, in whatever order the mixer takes the legs: only sums that no order limits
  // on the way have one right value.
  const auto left = channel_of(wav, 0, 2);
  const auto right = channel_of(wav, 1, 2);
  std::size_t compared = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const int a = legs[0].expected[i];
    const int c = legs[2].expected[i];
    const int e = legs[4].expected[i];
    REQUIRE(right[i] == std::clamp(legs[1].expected[i] + legs[3].expected[i], INT16_MIN, INT16_MAX));
    if (std::abs(a) + std::abs(c) + std::abs(e) > INT16_MAX) continue;
    REQUIRE(left[i] == a + c + e);
    ++compared;
  }
  CHECK(compared > 1000);
}

TEST_CASE("a wav's head says exactly what follows") {
  const auto head = wav_head({8000, 2, 80});
  CHECK(to_hex(head) ==
        "52494646"
        "64010000"
        "57415645"
        "666d7420"
        "10000000"
        "0100"
        "0200"
        "401f0000"
        "007d0000"
        "0400"
        "1000"
        "64617461"
        "40010000");
}

TEST_CASE("a wav read one byte at a time is the same as one read at once") {
  std::mt19937 random(9);
  const auto leg = random_leg(random, 20, 0);
  const TrackSpec spec{{kOrigin, kOrigin + 400ms}};
  CHECK((wav_of({leg.packets, leg.packets}, spec, 1) == wav_of({leg.packets, leg.packets}, spec, 1 << 20)));
}

TEST_CASE("a render at the rate of its faster leg leaves that leg's samples as they are") {
  std::mt19937 random(10);
  const Codec wide{CodecName::l16, 16000, 1};
  std::vector<Packet> fast;
  Samples expected;
  for (int i = 0; i < 50; ++i) {
    fast.push_back(random_packet(random, kOrigin + i * 20ms, wide, 320));
    const auto samples = decoded(fast.back());
    expected.insert(expected.end(), samples.begin(), samples.end());
  }
  const auto wav = wav_of({fast, random_leg(random, 50, 0).packets}, {{kOrigin, kOrigin + 1s}, 16000});
  CHECK((channel_of(wav, 0, 2) == expected));
}

TEST_CASE("a wav of no time is a head alone, and of no legs an error") {
  CHECK(wav_of({{}}, {{kOrigin, kOrigin}}).size() == kWavHeadBytes);
  CHECK(WavRender::open({}, {{kOrigin, kOrigin + 1s}}).error().code == Errc::invalid);
}

TEST_CASE("a wav beyond four gibibytes is refused before anything is read") {
  const auto render = WavRender::open(legs_of({{}, {}}), {{kOrigin, kOrigin + 24h * 7}, 48000});
  REQUIRE_FALSE(render);
  CHECK(render.error().code == Errc::unsupported);
  CHECK(WavRender::open(legs_of({{}, {}}), {{kOrigin, kOrigin + 24h * 36500}, 48000}).error().code ==
        Errc::unsupported);
}

TEST_CASE("a source that fails ends the render with its error, every time it is asked") {
  auto legs = legs_of({{}});
  legs.push_back(std::make_unique<FailingLeg>());
  auto render = WavRender::open(std::move(legs), {{kOrigin, kOrigin + 10s}});
  REQUIRE(render.has_value());
  Bytes out(1 << 20);
  REQUIRE((*render)->read(out).value() == kWavHeadBytes);
  CHECK((*render)->read(out).error().what == "segment 7: frame 3");
  CHECK((*render)->read(out).error().what == "segment 7: frame 3");
}

TEST_CASE("a render that is abandoned or finished leaves no thread behind") {
  wav_of({{}}, {{kOrigin, kOrigin + 1s}});  // GStreamer's own first steps
  const auto before = threads_of_process();
  for (int i = 0; i < 10; ++i) {
    auto render = WavRender::open(legs_of({{}, {}}), {{kOrigin, kOrigin + 1h}});
    REQUIRE(render.has_value());
    Bytes out(50000);
    REQUIRE((*render)->read(out).has_value());
    REQUIRE((*render)->read(out).has_value());
  }
  // A thread that has been told to end is gone soon, not at once.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (threads_of_process() > before && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(threads_of_process() <= before);
}
