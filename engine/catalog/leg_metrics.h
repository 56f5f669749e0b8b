// LegMetrics: what a leg's call was like, in numbers: how long was talked, how much came late or never. Only of legs of
// which something was recorded: without consent there are none. Sealed under the leg's key like its audio
// (LegRow::sealed_metrics), so they go with it.
//
// Pure values, any thread. Errors of `leg_metrics_from`: Errc::corrupt, it is not what `to_json` makes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "codecs/matroska/segment_head.h"

namespace assent {

struct LegMetrics {
  LegCounts counts;
  std::uint64_t held_bytes = 0;  // of memory that the leg's audio took before consent, at most
  // Recorded, and somebody speaks (codecs/voice_activity.h); recorded, and nobody does. Nothing when some of it was of
  // a codec whose talk is not measured.
  std::optional<milliseconds> talk;
  std::optional<milliseconds> quiet;
  milliseconds hold{0};              // the stream was interrupted for limits::kHoldGap or longer (RFC 3264 section 8.4)
  std::uint32_t jitter_mean_us = 0;  // RFC 3550 section 6.4.1
  std::uint32_t jitter_most_us = 0;

  // What the same leg was like before a restart, and after.
  LegMetrics& operator+=(const LegMetrics& later);
  bool operator==(const LegMetrics&) const = default;
};

// An object; the counts by their names (LegCountTag) in "counts".
std::string to_json(const LegMetrics& metrics);
Result<LegMetrics> leg_metrics_from(std::string_view json);

}  // namespace assent
