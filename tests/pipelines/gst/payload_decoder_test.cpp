#include "pipelines/gst/payload_decoder.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "catch.h"
#include "codecs/payload_format.h"

using namespace assent;
using namespace assent::gst;

namespace {

PayloadDecoder decoder_of(const Codec& codec) {
  auto decoder = PayloadDecoder::open(codec);
  INFO((decoder ? "" : decoder.error().what));
  REQUIRE(decoder);
  return *std::move(decoder);
}

std::size_t samples_of(PayloadDecoder& decoder, const Bytes& payload) {
  Bytes pcm;
  const auto decoded = decoder.decode(payload, pcm);
  INFO((decoded ? "" : decoded.error().what));
  REQUIRE(decoded);
  REQUIRE(pcm.size() % 2 == 0);
  return pcm.size() / 2;
}

bool is_silent(PayloadDecoder& decoder, const Bytes& payload) {
  Bytes pcm;
  REQUIRE(decoder.decode(payload, pcm));
  return std::ranges::all_of(pcm, [](std::uint8_t byte) { return byte == 0; });
}

struct Sample {
  const char* codec;
  std::size_t payload_bytes;
  Bytes first;  // bytes that the payload begins with, so that it is one
  std::size_t samples;
};

const std::vector<Sample> kSamples = {
    {"PCMU/8000", 160, {}, 160},
    {"PCMA/8000", 160, {}, 160},
    {"L16/16000/2", 640, {}, 160},
    {"G722/8000", 160, {}, 320},
    {"opus/48000/2", 80, {0xF8}, 960},
    {"opus/48000/2 sprop-stereo=1", 80, {0xFC}, 960},
    {"opus/48000/2", 40, {0x08}, 960},    // SILK, narrow band
    {"opus/48000/2", 121, {0x79}, 1920},  // hybrid, two frames
    {"AMR/8000 octet-align=1", 33, {0xF0, 0x3C}, 160},
    {"AMR/8000", 32, {0xF3, 0xC0}, 160},
    {"AMR-WB/16000 octet-align=1", 62, {0xF0, 0x44}, 320},
    {"G729/8000", 20, {}, 160},
    {"iLBC/8000", 38, {}, 160},
    {"iLBC/8000", 100, {}, 480},
};

Bytes payload_of(const Sample& sample, std::mt19937& random) {
  Bytes payload(sample.payload_bytes);
  for (auto& byte : payload) byte = static_cast<std::uint8_t>(random());
  std::copy(sample.first.begin(), sample.first.end(), payload.begin());
  return payload;
}

}  // namespace

TEST_CASE("a payload becomes as many samples as it lasts, whatever is in it") {
  for (const Sample& sample : kSamples) {
    std::mt19937 random(11);
    const Codec codec = *parse_codec(sample.codec);
    PayloadDecoder decoder = decoder_of(codec);
    bool heard = false;
    for (int i = 0; i < 50; ++i) {
      const Bytes payload = payload_of(sample, random);
      INFO(sample.codec << ", packet " << i);
      REQUIRE(ticks_of(codec, payload));
      REQUIRE(samples_of(decoder, payload) == sample.samples);
      heard = heard || !is_silent(decoder, payload);
    }
    INFO(sample.codec);
    CHECK(heard);
  }
}

TEST_CASE("comfort noise and frames that were lost before us are silence, as long as they stand for") {
  PayloadDecoder g729 = decoder_of({CodecName::g729, 8000, 1});
  CHECK(is_silent(g729, Bytes{0x12, 0x34}));
  CHECK(samples_of(g729, Bytes(12, 0x55)) == 160);
  PayloadDecoder amr = decoder_of({CodecName::amr, 8000, 1, FramePacking::octet_aligned});
  CHECK(is_silent(amr, Bytes{0xF0, 0x44, 1, 2, 3, 4, 5}));
  CHECK(samples_of(amr, Bytes{0xF0, 0x7C}) == 160);
  PayloadDecoder wide = decoder_of({CodecName::amr_wb, 16000, 1, FramePacking::octet_aligned});
  CHECK(samples_of(wide, Bytes{0xF0, 0x74}) == 320);
}

TEST_CASE("what is no payload makes no samples and no error") {
  for (const Sample& sample : kSamples) {
    PayloadDecoder decoder = decoder_of(*parse_codec(sample.codec));
    CHECK(samples_of(decoder, {}) == 0);
  }
  PayloadDecoder opus = decoder_of({CodecName::opus, 48000, 1});
  CHECK(samples_of(opus, Bytes{0xFB, 0}) == 0);
  CHECK(samples_of(opus, Bytes{0xF8}) == 960);  // and goes on
}
