#include "codecs/matroska/codec_mapping.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "codecs/matroska/layout.h"
#include "codecs/payload_format.h"
#include "codecs/speech_frames.h"

namespace assent::matroska {
namespace {

void append_little_endian(Bytes& out, std::uint32_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

struct WaveFormat {
  CodecName name;
  std::uint16_t tag;
  std::uint16_t frame_bytes;  // of one channel
  std::uint16_t bits;         // of a sample; 0 where that means nothing
};
constexpr std::array<WaveFormat, 4> kWaveFormats = {{
    {CodecName::pcmu, kWaveTagPcmu, 1, 8},
    {CodecName::pcma, kWaveTagPcma, 1, 8},
    {CodecName::g722, kWaveTagG722, 1, 4},
    {CodecName::g729, kWaveTagG729, kG729FrameBytes, 0},
}};

Bytes wave_format_bytes(const Codec& codec, const WaveFormat& format) {
  Bytes out;
  append_little_endian(out, format.tag, 2);
  append_little_endian(out, codec.channels, 2);
  append_little_endian(out, codec.sample_rate(), 4);
  append_little_endian(out, static_cast<std::uint32_t>(bytes_per_second(codec)), 4);
  append_little_endian(out, std::uint32_t{format.frame_bytes} * codec.channels, 2);
  append_little_endian(out, format.bits, 2);
  append_little_endian(out, 0, 2);
  return out;
}

// "OpusHead" | version 1 | channels | u16 pre-skip | u32 input rate | s16 gain | mapping family 0
Bytes opus_head(const Codec& codec) {
  const ByteView magic = bytes_of(kOpusHeadMagic);
  Bytes out(magic.begin(), magic.end());
  out.push_back(1);
  out.push_back(codec.channels);
  append_little_endian(out, 0, 2);
  append_little_endian(out, codec.clock_rate, 4);
  append_little_endian(out, 0, 2);
  out.push_back(0);
  return out;
}

// By id and private bytes alone: `codec_of` compares the rest.
std::optional<Codec> codec_named(const TrackCodec& track) {
  Codec codec{CodecName::l16, track.sampling_hz, track.channels};
  if (track.id == kCodecIdLinear) return codec;
  if (track.id == kCodecIdOpus) {
    codec.name = CodecName::opus;
    return codec;
  }
  if (track.id == kCodecIdRtp) {
    const auto parsed = parse_codec(text_of(track.private_bytes));
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  if (track.id != kCodecIdAcm || track.private_bytes.size() != kWaveFormatBytes) return std::nullopt;
  const auto tag = static_cast<std::uint16_t>(track.private_bytes[0] | track.private_bytes[1] << 8);
  const auto format = std::ranges::find(kWaveFormats, tag, &WaveFormat::tag);
  if (format == kWaveFormats.end()) return std::nullopt;
  codec.name = format->name;
  if (codec.name == CodecName::g722) codec.clock_rate /= 2;
  return codec;
}

bool is_recorded(const Codec& codec) {
  const auto parsed = parse_codec(to_text(codec));
  return parsed && *parsed == codec;
}

}  // namespace

TrackCodec track_codec_of(const Codec& codec) {
  TrackCodec track;
  track.sampling_hz = codec.sample_rate();
  track.channels = codec.channels;
  if (const auto format = std::ranges::find(kWaveFormats, codec.name, &WaveFormat::name);
      format != kWaveFormats.end()) {
    track.id = kCodecIdAcm;
    track.private_bytes = wave_format_bytes(codec, *format);
    track.bit_depth = codec.is_waveform() ? 8 : 0;
  } else if (codec.name == CodecName::l16) {
    track.id = kCodecIdLinear;
    track.bit_depth = 16;
  } else if (codec.name == CodecName::opus) {
    track.id = kCodecIdOpus;
    track.private_bytes = opus_head(codec);
    track.seek_pre_roll_ns = kOpusPreRollNs;
  } else {
    const std::string text = to_text(codec);
    const ByteView bytes = bytes_of(text);
    track.id = kCodecIdRtp;
    track.private_bytes.assign(bytes.begin(), bytes.end());
  }
  return track;
}

std::optional<Codec> codec_of(const TrackCodec& track) {
  const auto codec = codec_named(track);
  if (!codec || !is_recorded(*codec) || track_codec_of(*codec) != track) return std::nullopt;
  return codec;
}

}  // namespace assent::matroska
