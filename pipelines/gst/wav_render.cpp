#include "pipelines/gst/wav_render.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/limits.h"
#include "pipelines/gst/mixer.h"

namespace assent::gst {

std::array<std::uint8_t, kWavHeadBytes> wav_head(const WavShape& shape) {
  std::array<std::uint8_t, kWavHeadBytes> out{};
  std::size_t at = 0;
  const auto text = [&](const char(&name)[5]) {
    std::memcpy(&out[at], name, 4);
    at += 4;
  };
  const auto number = [&](std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) out[at++] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  const auto frame_bytes = std::uint64_t{shape.channels} * 2;
  text("RIFF");
  number(shape.data_bytes() + kWavHeadBytes - 8, 4);
  text("WAVE");
  text("fmt ");
  number(16, 4);
  number(1, 2);  // PCM
  number(shape.channels, 2);
  number(shape.rate_hz, 4);
  number(shape.rate_hz * frame_bytes, 4);
  number(frame_bytes, 2);
  number(16, 2);
  text("data");
  number(shape.data_bytes(), 4);
  return out;
}

Result<std::unique_ptr<WavRender>> WavRender::open(std::vector<std::unique_ptr<LegAudioSource>> legs,
                                                   const TrackSpec& spec) {
  const auto samples = total_samples(spec);
  if (!samples) return samples.error();
  const WavShape shape{spec.rate_hz, mixed_channels(legs.size()), *samples};
  if (*samples > limits::kWavBytes || shape.data_bytes() + kWavHeadBytes > limits::kWavBytes) {
    return error(Errc::unsupported, "a WAV file cannot exceed 4 GiB: ask for a shorter time or another format");
  }
  auto mixer = open_mixer(std::move(legs), spec, "");
  if (!mixer) return mixer.error();
  return std::unique_ptr<WavRender>(new WavRender(*std::move(mixer), shape));
}

WavRender::WavRender(std::unique_ptr<Mixer> mixer, const WavShape& shape)
    : mixer_(std::move(mixer)), head_(wav_head(shape)), total_bytes_(kWavHeadBytes + shape.data_bytes()) {}

WavRender::~WavRender() = default;

Result<std::size_t> WavRender::read(ByteSpan out) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), total_bytes_ - given_bytes_));
  if (wanted == 0) return std::size_t{0};
  std::size_t done = 0;
  if (given_bytes_ < kWavHeadBytes) {
    done = std::min(wanted, kWavHeadBytes - static_cast<std::size_t>(given_bytes_));
    std::memcpy(out.data(), &head_[static_cast<std::size_t>(given_bytes_)], done);
  } else {
    const auto got = mixer_->read(out.first(wanted));
    if (!got) return got.error();
    if (*got == 0) {
      return error(Errc::corrupt, "the mix ended after " + std::to_string(given_bytes_) + " of " +
                                      std::to_string(total_bytes_) + " bytes");
    }
    done = *got;
  }
  given_bytes_ += done;
  return done;
}

}  // namespace assent::gst
