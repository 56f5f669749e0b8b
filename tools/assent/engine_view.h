// EngineView: what `assent top` shows, made of two scrapes of an engine's /metrics: rates from what lies between them,
// the rest from the later one. Pure; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "tools/assent/prometheus_text.h"

namespace assent {

// Seconds; nothing where nothing was observed.
struct LatencyView {
  std::string name;           // "packet to gate"
  std::optional<double> p50;  // of what lies between the scrapes
  std::optional<double> p99;
  std::optional<double> p99_since_start;
  double count = 0;  // since the start
};

// Of the whole engine, and of each shard.
struct TrafficView {
  double calls = 0;
  double packets_per_second = 0;
  double drops_per_second = 0;
  double ring_bytes = 0;
  double seal_queue_blocks = 0;
  double journal_queue_pages = 0;
  double blocks_sealed_per_second = 0;
};

struct ShardView : TrafficView {
  std::string shard;
  std::optional<double> packet_to_gate_p99;
  std::optional<double> block_to_durable_p99;
};

struct EngineView : TrafficView {
  bool ready = false;
  bool draining = false;
  double up_seconds = 0;
  double cpu_cores = 0;  // used
  double resident_bytes = 0;
  double open_files = 0;
  double open_files_limit = 0;

  double calls_capacity = 0;
  std::map<std::string, double> legs_by_gate;
  double bytes_per_second = 0;
  std::map<std::string, double> drops;  // by reason, since the start; only what happened
  double arena_bytes = 0;
  double arena_used_bytes = 0;
  double pages_durable_per_second = 0;
  double stored_bytes_per_second = 0;
  double unsettled_segments = 0;
  double catalog_queue_bookings = 0;
  std::map<std::string, double> write_errors;  // by stage, since the start; only what happened

  std::vector<LatencyView> latencies;
  std::vector<ShardView> shards;
};

// `now` is when the later scrape was made, and `apart` how long after the earlier one.
EngineView view_of(const Scrape& earlier, const Scrape& later, nanoseconds apart, WallTime now);

}  // namespace assent
