// WavRender: a recording as a WAV file that the caller pulls, its size known before the first byte.
//
// Signed 16-bit PCM; one leg mono, otherwise odd legs left and even ones right (pipelines/gst/mixer.h). The file covers
// `range` exactly: sample n of leg k is what leg k's codec says at range.start + n / rate; loss, silence suppression
// and pause are zeros of their exact length.
//
//   0      4      8      12     16     20     22     24     28     32     34     36     40     44
//   +------+------+------+------+------+------+------+------+------+------+------+------+------+---------
//   | RIFF | size | WAVE |"fmt "|  16  |  1   | chans| rate |bytes | frame| 16   | data | size | samples
//   +------+------+------+------+------+------+------+------+--/s--+bytes-+------+------+------+---------
//     all numbers little-endian; size at 4 counts what follows it, size at 40 the samples
//
// One thread at a time. Errors: invalid for a range, rate or leg count that cannot be; unsupported over 4 GiB; then
// those of sources and mixer.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pipelines/gst/leg_audio_source.h"
#include "pipelines/gst/leg_track.h"

namespace assent::gst {

class Mixer;

inline constexpr std::size_t kWavHeadBytes = 44;

struct WavShape {
  std::uint32_t rate_hz = 8000;
  std::uint8_t channels = 1;
  std::uint64_t samples = 0;  // of one channel

  std::uint64_t data_bytes() const { return samples * channels * 2; }
};

// The 44 bytes before the samples. The shape's size fits in 32 bits.
std::array<std::uint8_t, kWavHeadBytes> wav_head(const WavShape& shape);

class WavRender {
 public:
  // `legs` in the recording's order. The usual rate is the highest clock rate of the legs; it must be one a Codec can
  // have.
  static Result<std::unique_ptr<WavRender>> open(std::vector<std::unique_ptr<LegAudioSource>> legs,
                                                 const TrackSpec& spec);
  ~WavRender();
  WavRender(const WavRender&) = delete;
  WavRender& operator=(const WavRender&) = delete;

  std::uint64_t total_bytes() const { return total_bytes_; }  // header included

  // Up to out.size() further bytes; 0 once total_bytes have been read. What it has given always adds up to total_bytes
  // or ends in an error.
  Result<std::size_t> read(ByteSpan out);

 private:
  WavRender(std::unique_ptr<Mixer> mixer, const WavShape& shape);

  std::unique_ptr<Mixer> mixer_;
  std::array<std::uint8_t, kWavHeadBytes> head_;
  std::uint64_t total_bytes_;
  std::uint64_t given_bytes_ = 0;
};

}  // namespace assent::gst
