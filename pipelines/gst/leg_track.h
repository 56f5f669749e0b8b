// LegTrack: one leg as a gapless line of samples, mono, signed 16 bits, at one rate, from `start` to `end` exactly.
//
// Payloads are decoded (payload_decoder.h) and laid down by Timeline at their codec's own sample rate; only then are
// they resampled, in one piece from codec change to codec change, so that the resampler never sees a seam that the leg
// did not have. When the leg has the output's rate nothing is resampled and every sample is the codec's own. Holes are
// true zeros (A-law itself has no zero, so silence is laid down after decoding). It decides nothing about other legs.
// One thread at a time. Errors: those of the source, and of GStreamer (corrupt).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "pipelines/gst/leg_audio_source.h"

namespace assent::gst {

struct TimeRange {
  WallTime start;
  WallTime end;
};

struct TrackSpec {
  TimeRange range;
  std::uint32_t rate_hz = 8000;
};

// Samples from start to end. Errc::invalid when the range is reversed or the rate is not one a Codec can have.
Result<std::uint64_t> total_samples(const TrackSpec& spec);

class LegTrack {
 public:
  static Result<std::unique_ptr<LegTrack>> open(std::unique_ptr<LegAudioSource> source, const TrackSpec& spec);
  virtual ~LegTrack() = default;

  // Fills `out` with the next samples; fewer only at the end, and then 0.
  virtual Result<std::size_t> read(std::span<std::int16_t> out) = 0;
};

}  // namespace assent::gst
