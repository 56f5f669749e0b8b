#include "codecs/voice_activity.h"

#include <array>
#include <cmath>
#include <functional>

#include "catch.h"
#include "codecs/matroska/block_writer.h"

using namespace assent;

namespace {

constexpr Codec kPcmu{CodecName::pcmu, 8000, 1};
constexpr Codec kPcma{CodecName::pcma, 8000, 1};
constexpr Codec kWide{CodecName::l16, 16000, 1};

// ITU-T G.711, by searching the code whose value is nearest: slow, and no relation of what it judges.
std::uint8_t coded(const Codec& codec, double sample) {
  std::uint8_t best = 0;
  double least = 1e9;
  for (int code = 0; code < 256; ++code) {
    const int bits = codec.name == CodecName::pcmu ? ~code & 0xFF : code ^ 0x55;
    const int segment = bits >> 4 & 7;
    const int step = bits & 15;
    double value = codec.name == CodecName::pcmu ? ((step * 2 + 33) << segment) - 33
                   : segment == 0                ? step * 2 + 1
                                                 : (step * 2 + 33) << (segment - 1);
    value *= codec.name == CodecName::pcmu ? 4 : 8;
    const bool negative = codec.name == CodecName::pcmu ? (bits & 0x80) != 0 : (bits & 0x80) == 0;
    if (negative) value = -value;
    if (std::abs(value - sample) < least) {
      least = std::abs(value - sample);
      best = static_cast<std::uint8_t>(code);
    }
  }
  return best;
}

// Twenty milliseconds of a tone whose mean magnitude is so far below full scale.
Bytes tone(const Codec& codec, double dbov) {
  const double peak = 32768 * std::pow(10, dbov / 20) * 3.14159265 / 2;
  Bytes payload;
  const auto samples = static_cast<int>(codec.clock_rate / 50);
  for (int i = 0; i < samples; ++i) {
    const double sample = peak * std::sin(2 * 3.14159265 * 440 * i / codec.clock_rate);
    if (codec.name == CodecName::l16) {
      const auto value = static_cast<std::int16_t>(sample);
      payload.push_back(static_cast<std::uint8_t>(value >> 8));
      payload.push_back(static_cast<std::uint8_t>(value));
    } else {
      payload.push_back(coded(codec, sample));
    }
  }
  return payload;
}

// A block of packets of 20 ms; true is voice.
Talk talk_of(const Codec& codec, const std::vector<bool>& voice) {
  std::array<std::uint8_t, limits::kFrameBytes> block{};
  auto cluster = matroska::ClusterWriter::begin(block, WallTime(0s));
  for (std::size_t i = 0; i < voice.size(); ++i) {
    const WallTime at(milliseconds(20 * i));
    const Bytes payload = tone(codec, voice[i] ? -20 : -60);
    REQUIRE(cluster.fits(payload.size(), at));
    cluster.append(payload, at);
  }
  cluster.finish();
  return talk_in(codec, block);
}

}  // namespace

TEST_CASE("what is loud is voice, and a line's noise is not, in every codec") {
  for (const Codec& codec : {kPcmu, kPcma, kWide}) {
    INFO(to_text(codec));
    CHECK(is_voice(codec, tone(codec, -5)));
    CHECK(is_voice(codec, tone(codec, -20)));
    CHECK(is_voice(codec, tone(codec, -37)));
    CHECK_FALSE(is_voice(codec, tone(codec, -48)));
    CHECK_FALSE(is_voice(codec, tone(codec, -60)));
    CHECK_FALSE(is_voice(codec, tone(codec, -200)));
  }
  CHECK_FALSE(is_voice(kPcmu, Bytes(160, 0xFF)));
  CHECK_FALSE(is_voice(kPcma, Bytes(160, 0xD5)));
  CHECK_FALSE(is_voice(kPcma, Bytes(160, 0x55)));
}

TEST_CASE("a payload of any size is judged by all of it") {
  for (std::size_t bytes = 1; bytes <= 40; ++bytes) {
    Bytes payload(bytes, 0xFF);
    CHECK_FALSE(is_voice(kPcmu, payload));
    payload.assign(bytes, 0x80);
    CHECK(is_voice(kPcmu, payload));
  }
  CHECK(is_voice(kPcmu, Bytes(limits::kPayloadBytes, 0x00)));  // nothing overflows
}

TEST_CASE("short gaps belong to talking, longer ones are quiet") {
  CHECK(talk_of(kPcmu, std::vector<bool>(20, false)).talk_ticks == 0);
  CHECK(talk_of(kPcmu, std::vector<bool>(20, false)).quiet_ticks == 20 * 160);
  CHECK(talk_of(kPcmu, std::vector<bool>(20, true)).quiet_ticks == 0);
  // Two of voice, a gap of 60 ms, one of voice, and silence of which 200 ms still belong to it.
  std::vector<bool> words = {true, true, false, false, false, true};
  words.resize(20, false);
  const Talk talk = talk_of(kPcmu, words);
  CHECK(talk.talk_ticks == (6 + 10) * 160);
  CHECK(talk.quiet_ticks == 4 * 160);
  CHECK(talk_time(talk, kPcmu).talk == 320ms);
  CHECK(talk_time(talk, kPcmu).quiet == 80ms);
}

TEST_CASE("time is the codec's") {
  const Talk talk = talk_of(kWide, {true, true, false});
  CHECK(talk.talk_ticks == 3 * 320);
  CHECK(talk_time(talk, kWide).talk == 60ms);
}
