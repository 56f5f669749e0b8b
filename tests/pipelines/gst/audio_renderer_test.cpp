#include "pipelines/gst/audio_renderer.h"

#include "catch.h"
#include "pipelines/gst/start.h"

namespace assent::gst {
namespace {

constexpr WallTime kStart{1790000000s};

// `packets` of 20 ms, PCMU, every byte the same.
class SteadyLeg final : public LegPackets {
 public:
  SteadyLeg(std::uint8_t byte, int packets) : payload_(160, byte), packets_(packets) {}
  Result<std::optional<LegPacket>> next() override {
    if (given_ == packets_) return std::optional<LegPacket>();
    return std::optional<LegPacket>(LegPacket{kStart + 20ms * given_++, Codec{}, payload_});
  }

 private:
  Bytes payload_;
  int packets_;
  int given_ = 0;
};

class FailingLeg final : public LegPackets {
 public:
  Result<std::optional<LegPacket>> next() override { return error(Errc::io, "the store is gone"); }
};

// One second: the left leg is +32124 (mu-law 0x80) for all of it, the right one -32124 (0x00) for its first half.
RenderSpec two_legs() {
  RenderSpec spec{{}, kStart, kStart + 1s, 8000};
  spec.legs.push_back(std::make_unique<SteadyLeg>(0x80, 50));
  spec.legs.push_back(std::make_unique<SteadyLeg>(0x00, 25));
  return spec;
}

Bytes read_all(BodyStream& stream) {
  Bytes all;
  Bytes piece(10000);
  for (;;) {
    const auto got = stream.pull(piece);
    REQUIRE(got);
    if (*got == 0) return all;
    append(all, ByteView(piece).first(*got));
  }
}

std::int16_t sample_at(const Bytes& wav, std::size_t sample, std::size_t channel) {
  const std::uint8_t* at = &wav.at(44 + (sample * 2 + channel) * 2);
  return static_cast<std::int16_t>(at[0] | (at[1] << 8));
}

}  // namespace

TEST_CASE("the engine's renderer gives a WAV of announced length with the legs left and right") {
  REQUIRE(start_gstreamer());
  GstAudioRenderer renderer;
  auto stream = renderer.wav(two_legs());
  REQUIRE(stream);
  CHECK(stream->length_bytes == 44 + 8000 * 2 * 2);
  const Bytes wav = read_all(*stream);
  REQUIRE(wav.size() == stream->length_bytes);
  CHECK(text_of(ByteView(wav).first(4)) == "RIFF");
  CHECK(sample_at(wav, 0, 0) == 32124);
  CHECK(sample_at(wav, 7999, 0) == 32124);
  CHECK(sample_at(wav, 3999, 1) == -32124);
  CHECK(sample_at(wav, 4000, 1) == 0);
}

TEST_CASE("the engine's renderer gives Ogg whose length is not known before its end") {
  REQUIRE(start_gstreamer());
  GstAudioRenderer renderer;
  auto stream = renderer.ogg(two_legs());
  REQUIRE(stream);
  CHECK_FALSE(stream->length_bytes);
  CHECK(text_of(ByteView(read_all(*stream)).first(4)) == "OggS");
}

TEST_CASE("the engine's renderer measures each leg's peaks") {
  REQUIRE(start_gstreamer());
  GstAudioRenderer renderer;
  const auto peaks = renderer.peaks(two_legs(), 2);
  REQUIRE(peaks);
  const std::vector<SamplePeak> left = {{32124, 32124}, {32124, 32124}};
  const std::vector<SamplePeak> right = {{-32124, -32124}, {0, 0}};
  CHECK(*peaks == std::vector<std::vector<SamplePeak>>{left, right});
}

TEST_CASE("a leg that cannot be read fails the engine's renderer") {
  REQUIRE(start_gstreamer());
  GstAudioRenderer renderer;
  RenderSpec spec{{}, kStart, kStart + 1s, 8000};
  spec.legs.push_back(std::make_unique<FailingLeg>());
  const auto peaks = renderer.peaks(std::move(spec), 2);
  REQUIRE_FALSE(peaks);
  CHECK(peaks.error().code == Errc::io);
}

}  // namespace assent::gst
