#include "pipelines/gst/peaks.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "base/limits.h"

namespace assent::gst {
namespace {

// The lowest and highest of the next `samples` of the track.
Result<Peak> measure_bucket(LegTrack& track, std::uint64_t samples) {
  std::array<std::int16_t, limits::kRenderStepSamples> step;
  Peak peak{INT16_MAX, INT16_MIN};
  if (samples == 0) return Peak{};
  while (samples > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(samples, step.size()));
    const auto got = track.read(std::span(step).first(wanted));
    if (!got) return got.error();
    const auto [low, high] = std::minmax_element(step.begin(), step.begin() + static_cast<std::ptrdiff_t>(*got));
    peak = {std::min(peak.low, *low), std::max(peak.high, *high)};
    samples -= wanted;
  }
  return peak;
}

}  // namespace

Result<std::vector<std::vector<Peak>>> measure_peaks(std::vector<std::unique_ptr<LegAudioSource>> legs,
                                                     const TrackSpec& spec, std::size_t buckets) {
  const auto total = total_samples(spec);
  if (!total) return total.error();
  if (buckets < 1 || buckets > limits::kPeakBuckets) {
    return error(Errc::invalid, "peaks in " + std::to_string(buckets) + " buckets: 1 to " +
                                    std::to_string(limits::kPeakBuckets) + " are possible");
  }
  // floor(b * total / buckets) in two parts, so that no product leaves 64 bits.
  const auto begin_of = [&](std::uint64_t bucket) {
    return *total / buckets * bucket + *total % buckets * bucket / buckets;
  };
  std::vector<std::vector<Peak>> peaks;
  for (auto& leg : legs) {
    auto track = LegTrack::open(std::move(leg), spec);
    if (!track) return track.error();
    auto& row = peaks.emplace_back();
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
      const auto peak = measure_bucket(**track, begin_of(bucket + 1) - begin_of(bucket));
      if (!peak) return peak.error();
      row.push_back(*peak);
    }
  }
  return peaks;
}

}  // namespace assent::gst
