// ProcessUsage: what this process uses of the machine, as Linux tells it (proc(5)), for the metrics that every
// Prometheus client shows under the same names. Any thread.
#pragma once

#include <cstdint>
#include <optional>

namespace assent {

struct ProcessUsage {
  double cpu_seconds = 0;         // user and system, of all threads
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t open_files_limit = 0;
  std::uint64_t threads = 0;
};

// Nothing where /proc is not there.
std::optional<ProcessUsage> read_process_usage();

}  // namespace assent
