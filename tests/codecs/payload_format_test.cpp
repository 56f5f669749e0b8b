#include "codecs/payload_format.h"

#include <cmath>

#include "base/limits.h"
#include "catch.h"

using namespace assent;

namespace {

constexpr Codec kPcmu{CodecName::pcmu, 8000, 1};
constexpr Codec kPcma{CodecName::pcma, 8000, 1};
constexpr Codec kStereo{CodecName::l16, 44100, 2};

}  // namespace

TEST_CASE("a payload lasts as many ticks as it has sample instants") {
  CHECK(ticks_of(kPcmu, Bytes(160)) == 160U);
  CHECK(ticks_of(kPcma, Bytes(1)) == 1U);
  CHECK(ticks_of(kStereo, Bytes(1764)) == 441U);
  CHECK(ticks_of({CodecName::l16, 16000, 1}, Bytes(640)) == 320U);
}

TEST_CASE("of codecs with frames, these say how long a payload lasts, in ticks of its RTP clock") {
  CHECK(ticks_of({CodecName::g722, 8000, 1}, Bytes(160)) == 160U);  // 20 ms, though 320 samples
  CHECK(ticks_of({CodecName::opus, 48000, 1}, Bytes{0xF8}) == 960U);
  CHECK(ticks_of({CodecName::g729, 8000, 1}, Bytes(20)) == 160U);
  CHECK(ticks_of({CodecName::g729, 8000, 1}, Bytes(12)) == 160U);
  CHECK(ticks_of({CodecName::ilbc, 8000, 1}, Bytes(50)) == 240U);
  Bytes amr(33, 0x55);
  amr[0] = 0xF0;
  amr[1] = 7 << 3 | 4;
  CHECK(ticks_of({CodecName::amr, 8000, 1, FramePacking::octet_aligned}, amr) == 160U);
  Bytes wide(62, 0x55);
  wide[0] = 0xF0;
  wide[1] = 8 << 3 | 4;
  CHECK(ticks_of({CodecName::amr_wb, 16000, 1, FramePacking::octet_aligned}, wide) == 320U);
  for (const Codec& codec : {Codec{CodecName::g729, 8000, 1}, Codec{CodecName::ilbc, 8000, 1}}) {
    CHECK_FALSE(ticks_of(codec, Bytes(11)));
  }
}

TEST_CASE("what is no waveform has no level") {
  CHECK_FALSE(level_dbov({CodecName::opus, 48000, 1}, Bytes{0xF8, 1, 2}));
  CHECK_FALSE(level_dbov({CodecName::g722, 8000, 1}, Bytes(160)));
}

TEST_CASE("bytes that cannot be a payload have no duration") {
  CHECK_FALSE(ticks_of(kPcmu, {}));
  CHECK_FALSE(ticks_of(kPcmu, Bytes(limits::kPayloadBytes + 1)));
  CHECK_FALSE(ticks_of({CodecName::l16, 16000, 1}, Bytes(641)));
  CHECK_FALSE(ticks_of(kStereo, Bytes(1762)));
}

TEST_CASE("the loudest codes read 0 dBov, silence next to nothing") {
  CHECK(level_dbov(kPcmu, Bytes(160, 0x80)) == 0);
  CHECK(level_dbov(kPcmu, Bytes(160, 0x00)) == 0);
  CHECK(level_dbov(kPcmu, Bytes(160, 0xFF)) == kSilenceDbov);
  CHECK(level_dbov(kPcma, Bytes(160, 0xAA)) == 0);
  CHECK(level_dbov(kPcma, Bytes(160, 0xD5)) == -72);  // A-law has no zero: its least code is 8 of 32768
  CHECK(level_dbov(kStereo, Bytes(160, 0)) == kSilenceDbov);
  CHECK(level_dbov(kPcmu, {}) == kSilenceDbov);
}

TEST_CASE("a full-scale sine reads 3 dB below full scale, a tenth of it 20 dB less") {
  for (const double share : {1.0, 0.1}) {
    Bytes payload;
    for (int i = 0; i < 480; ++i) {
      const double sample = share * 32767.0 * std::sin(2.0 * 3.14159265358979 * 1000.0 * i / 48000.0);
      append_be16(payload, static_cast<std::uint16_t>(static_cast<std::int16_t>(std::lround(sample))));
    }
    CHECK(level_dbov({CodecName::l16, 48000, 1}, payload) == (share == 1.0 ? -3 : -23));
  }
}

TEST_CASE("static payload types stand for their codecs, both ways") {
  CHECK(static_payload_type(kPcmu) == std::uint8_t{0});
  CHECK(static_payload_type(kPcma) == std::uint8_t{8});
  CHECK(static_payload_type(kStereo) == std::uint8_t{10});
  CHECK(static_payload_type({CodecName::l16, 44100, 1}) == std::uint8_t{11});
  CHECK_FALSE(static_payload_type({CodecName::l16, 16000, 1}));
  CHECK_FALSE(static_payload_type({CodecName::pcmu, 16000, 1}));
  for (unsigned type = 0; type < 128; ++type) {
    const auto codec = codec_of_static(static_cast<std::uint8_t>(type));
    if (codec) CHECK(static_payload_type(*codec) == static_cast<std::uint8_t>(type));
  }
}
