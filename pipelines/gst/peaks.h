// Peaks: the lowest and highest sample of each leg in N equal stretches of time, for drawing a waveform.
//
// The samples are those of LegTrack, the same that a WAV of the range holds. It runs to the end in the calling thread
// and starts none. Errors: invalid for a range, rate or bucket count that cannot be; then those of the sources.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "pipelines/gst/leg_audio_source.h"
#include "pipelines/gst/leg_track.h"

namespace assent::gst {

struct Peak {
  std::int16_t low = 0;
  std::int16_t high = 0;

  bool operator==(const Peak&) const = default;
};

// One row per leg, `buckets` (1 to limits::kPeakBuckets) peaks each. Bucket b covers samples b * total / buckets up to
// (b + 1) * total / buckets; one that covers none is silent.
Result<std::vector<std::vector<Peak>>> measure_peaks(std::vector<std::unique_ptr<LegAudioSource>> legs,
                                                     const TrackSpec& spec, std::size_t buckets);

}  // namespace assent::gst
