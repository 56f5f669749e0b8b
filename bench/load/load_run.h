// LoadRun: calls on an engine for a time, and what became of their packets.
//
// One thread; blocks until all is done. An error only when nothing could be measured at all.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/call_pool.h"
#include "bench/load/process_probe.h"

namespace assent::load {

struct RunSettings {
  CallSettings calls;
  PlayerSettings player;
  seconds duration{10};
  seconds opt_in_delay{0};  // after the first packet; 0: before it
  double churn = 0;         // calls a second that are ended and replaced
  std::optional<pid_t> engine;
  std::size_t sample = 0;  // recordings that are compared with what was sent
};

struct RunReport {
  std::size_t calls = 0;
  std::size_t replaced_calls = 0;
  seconds duration{0};
  milliseconds packet_time{0};
  PlayerReport player;
  std::uint64_t received = 0;      // by the engine's legs
  std::uint64_t engine_lost = 0;   // what the engine missed in the sequence numbers, a network's loss among it
  std::optional<ProcessUse> used;  // by the engine; CPU time from the first packet to the last received
  double setup_seconds = 0;
  double teardown_seconds = 0;

  std::size_t recordings = 0;
  std::size_t missing_recordings = 0;  // of calls that were consented to
  std::size_t unasked_recordings = 0;  // of calls that were not
  std::size_t sampled_legs = 0;
  std::size_t compared_packets = 0;
  std::vector<std::string> mismatches;
  std::uint64_t failures = 0;  // requests
  std::vector<std::string> first_failures;

  // More received than sent: somebody else sends to the engine's ports.
  bool is_disturbed() const { return received > player.sent; }
  bool is_valid() const { return player.is_valid(packet_time) && !is_disturbed(); }
  // Never received, or received and not handed on. What was never received the engine misses, too.
  std::uint64_t lost() const {
    const std::uint64_t unheard = player.sent > received ? player.sent - received : 0;
    return std::max(unheard, engine_lost > player.lost ? engine_lost - player.lost : 0);
  }
  bool is_right() const {
    return lost() == 0 && missing_recordings == 0 && unasked_recordings == 0 && mismatches.empty() && failures == 0;
  }
};

Result<RunReport> run_load(const RunSettings& settings, ProgressBar& progress);

}  // namespace assent::load
