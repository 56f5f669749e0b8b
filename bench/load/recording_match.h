// Is what was recorded what was sent? Byte for byte, packet by packet, and where in time. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "bench/load/matroska_blocks.h"
#include "bench/load/payload_pattern.h"
#include "bench/load/stream_plan.h"

namespace assent::load {

struct SentLeg {
  LegNumber leg;
  StreamPlan plan;
  std::size_t payload_bytes;
  std::vector<bool> arrived;  // by packet number; false: a network lost it on the way
};

struct RecordingMatch {
  static constexpr milliseconds kUnit{1};  // of time in a recording

  std::size_t packets = 0;  // of the recording that are the leg's, each after the one before
  std::size_t skipped = 0;  // before the first recorded one: from before the consent
  std::size_t missing = 0;  // sent later than that, and not recorded
  std::size_t foreign = 0;  // recorded, and never sent, or not in this order
  milliseconds shift{0};    // largest difference in time between two packets of one source, recorded and sent
  bool is_whole(milliseconds shift_max = kUnit) const {
    return packets > 0 && missing == 0 && foreign == 0 && shift <= shift_max;
  }
};

RecordingMatch match_recording(std::span<const MatroskaBlock> recorded, const SentLeg& sent,
                               const PayloadPattern& pattern);

}  // namespace assent::load
