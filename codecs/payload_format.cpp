#include "codecs/payload_format.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/limits.h"
#include "codecs/amr_payload.h"
#include "codecs/opus_packet.h"
#include "codecs/speech_frames.h"

namespace assent {
namespace {

constexpr double kFullScale = 32768.0;  // of 16-bit samples, to which the G.711 tables are scaled

// ITU-T G.711 table 2: sign, 3 bits of segment, 4 of step; all bits are sent inverted. Segments are offset by 33 steps.
constexpr int linear_of_pcmu(std::uint8_t code) {
  const int bits = ~code & 0xFF;
  const int magnitude = ((((bits & 0x0F) << 3) + 132) << ((bits >> 4) & 0x07)) - 132;
  return (bits & 0x80) != 0 ? -magnitude : magnitude;
}

// ITU-T G.711 table 1: sign, 3 bits of segment, 4 of step; even bits are sent inverted. The first two segments are
// equal.
constexpr int linear_of_pcma(std::uint8_t code) {
  const int bits = code ^ 0x55;
  const int segment = (bits >> 4) & 0x07;
  const int step = ((bits & 0x0F) << 4) + 8;
  const int magnitude = segment == 0 ? step : (step + 256) << (segment - 1);
  return (bits & 0x80) != 0 ? magnitude : -magnitude;
}

using Squares = std::array<std::uint32_t, 256>;

template <typename Linear>
constexpr Squares squares_of(Linear linear) {
  Squares squares{};
  for (std::size_t code = 0; code < squares.size(); ++code) {
    const int sample = linear(static_cast<std::uint8_t>(code));
    squares[code] = static_cast<std::uint32_t>(sample * sample);
  }
  return squares;
}

constexpr Squares kPcmuSquares = squares_of(linear_of_pcmu);
constexpr Squares kPcmaSquares = squares_of(linear_of_pcma);
static_assert(linear_of_pcmu(0x00) == -32124 && linear_of_pcmu(0xFF) == 0 && linear_of_pcmu(0x80) == 32124);
static_assert(linear_of_pcma(0xAA) == 32256 && linear_of_pcma(0xD5) == 8 && linear_of_pcma(0x55) == -8);

std::uint64_t energy_of_g711(const Squares& squares, ByteView payload) {
  std::uint64_t energy = 0;
  for (const std::uint8_t code : payload) energy += squares[code];
  return energy;
}

std::uint64_t energy_of_l16(ByteView payload) {
  std::uint64_t energy = 0;
  for (std::size_t i = 0; i + 1 < payload.size(); i += 2) {
    const std::int32_t sample = static_cast<std::int16_t>(load_be16(payload.data() + i));
    energy += static_cast<std::uint64_t>(std::int64_t{sample} * sample);
  }
  return energy;
}

struct StaticType {
  std::uint8_t payload_type;
  Codec codec;
};
constexpr std::array<StaticType, 6> kStaticTypes = {{
    {0, {CodecName::pcmu, 8000, 1}},
    {8, {CodecName::pcma, 8000, 1}},
    {9, {CodecName::g722, 8000, 1}},
    {10, {CodecName::l16, 44100, 2}},
    {11, {CodecName::l16, 44100, 1}},
    {18, {CodecName::g729, 8000, 1}},
}};

std::optional<std::uint32_t> ticks_of_frames(const Codec& codec, ByteView payload) {
  const std::uint32_t ticks_per_ms = codec.clock_rate / 1000;
  switch (codec.name) {
    case CodecName::opus: return opus_ticks(payload);
    case CodecName::amr:
    case CodecName::amr_wb: {
      const auto frames = AmrFrames(codec, payload).count();
      if (!frames) return std::nullopt;
      return static_cast<std::uint32_t>(*frames) * kAmrFrameMs * ticks_per_ms;
    }
    case CodecName::g729: {
      const auto ms = g729_ms(payload.size());
      return ms ? std::optional(*ms * ticks_per_ms) : std::nullopt;
    }
    case CodecName::ilbc: {
      const auto frames = ilbc_frames(payload.size());
      if (!frames) return std::nullopt;
      return static_cast<std::uint32_t>(frames->count) * frames->frame_ms * ticks_per_ms;
    }
    case CodecName::pcmu:
    case CodecName::pcma:
    case CodecName::l16:
    case CodecName::g722: break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> ticks_of(const Codec& codec, ByteView payload) {
  if (payload.empty() || payload.size() > limits::kPayloadBytes) return std::nullopt;
  // 32 bits, for which the processor divides in half the time.
  const auto bytes = static_cast<std::uint32_t>(payload.size());
  const auto tick = static_cast<std::uint32_t>(codec.tick_bytes());
  if (tick == 0) return ticks_of_frames(codec, payload);
  if (bytes % tick != 0) return std::nullopt;
  return bytes / tick;
}

std::optional<int> level_dbov(const Codec& codec, ByteView payload) {
  std::uint64_t energy = 0;
  std::size_t samples = payload.size();
  switch (codec.name) {
    case CodecName::pcmu: energy = energy_of_g711(kPcmuSquares, payload); break;
    case CodecName::pcma: energy = energy_of_g711(kPcmaSquares, payload); break;
    case CodecName::l16:
      energy = energy_of_l16(payload);
      samples = payload.size() / 2;
      break;
    default: return std::nullopt;
  }
  if (samples == 0 || energy == 0) return kSilenceDbov;
  const double mean = static_cast<double>(energy) / static_cast<double>(samples);
  const double dbov = 10.0 * std::log10(mean / (kFullScale * kFullScale));
  return std::clamp(static_cast<int>(std::lround(dbov)), kSilenceDbov, 0);
}

std::size_t bytes_per_second(const Codec& codec) {
  switch (codec.name) {
    case CodecName::pcmu:
    case CodecName::pcma:
    case CodecName::l16:
    case CodecName::g722: return std::size_t{codec.clock_rate} * codec.tick_bytes();
    case CodecName::opus: return std::size_t{8000} * codec.channels;
    case CodecName::amr: return std::size_t{50} * 33;     // 12.2 kbit/s, octet-aligned
    case CodecName::amr_wb: return std::size_t{50} * 62;  // 23.85 kbit/s
    case CodecName::g729: return 1000;
    case CodecName::ilbc: return std::size_t{50} * 38;
  }
  return 0;
}

std::optional<std::uint8_t> static_payload_type(const Codec& codec) {
  for (const auto& each : kStaticTypes) {
    if (each.codec == codec) return each.payload_type;
  }
  return std::nullopt;
}

std::optional<Codec> codec_of_static(std::uint8_t payload_type) {
  for (const auto& each : kStaticTypes) {
    if (each.payload_type == payload_type) return each.codec;
  }
  return std::nullopt;
}

}  // namespace assent
