#include "tools/assent/engine_view.h"

#include <algorithm>

namespace assent {
namespace {

struct NamedLatency {
  const char* family;
  const char* name;
};
constexpr NamedLatency kLatencies[] = {
    {"assent_packet_to_gate_seconds", "packet to gate"},   {"assent_opt_in_to_turn_seconds", "opt-in to turn"},
    {"assent_opt_in_to_open_seconds", "opt-in to open"},   {"assent_refusal_to_quiet_seconds", "refusal to quiet"},
    {"assent_block_to_sealed_seconds", "block to sealed"}, {"assent_block_to_durable_seconds", "block to durable"},
    {"assent_journal_commit_seconds", "journal commit"},   {"assent_catalog_commit_seconds", "catalog commit"},
    {"assent_settle_seconds", "segment to stored"},
};

class Comparison {
 public:
  Comparison(const Scrape& earlier, const Scrape& later, nanoseconds apart)
      : earlier_(earlier), later_(later), seconds_(std::chrono::duration<double>(apart).count()) {}

  double now(const std::string& name, const Scrape::Labels& labels = {}) const {
    return later_.sum(name, labels).value_or(0);
  }
  // A count that went down is another process': it has counted from nothing.
  double rate(const std::string& name, const Scrape::Labels& labels = {}) const {
    const double before = earlier_.sum(name, labels).value_or(0);
    const double after = now(name, labels);
    return seconds_ > 0 ? (after >= before ? after - before : after) / seconds_ : 0;
  }
  std::optional<double> quantile_between(const std::string& name, double share,
                                         const Scrape::Labels& labels = {}) const {
    auto buckets = later_.buckets(name, labels);
    const auto before = earlier_.buckets(name, labels);
    const bool restarted = std::any_of(before.begin(), before.end(),
                                       [&](const auto& bucket) { return buckets[bucket.first] < bucket.second; });
    if (!restarted) {
      for (const auto& [bound, count] : before) buckets[bound] -= count;
    }
    return quantile(buckets, share);
  }
  std::map<std::string, double> happened(const std::string& name, const std::string& label) const {
    auto sums = later_.sum_by(name, label);
    std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
    return sums;
  }
  const Scrape& later() const { return later_; }

 private:
  const Scrape& earlier_;
  const Scrape& later_;
  double seconds_;
};

LatencyView latency_of(const Comparison& compare, const NamedLatency& latency) {
  const auto all = compare.later().buckets(latency.family);
  return {latency.name, compare.quantile_between(latency.family, 0.5), compare.quantile_between(latency.family, 0.99),
          quantile(all, 0.99), all.empty() ? 0 : all.rbegin()->second};
}

TrafficView traffic_of(const Comparison& compare, const Scrape::Labels& labels = {}) {
  Scrape::Labels sealed = labels;
  sealed["fate"] = "sealed";
  TrafficView view;
  view.calls = compare.now("assent_calls", labels);
  view.packets_per_second = compare.rate("assent_packets_total", labels);
  view.drops_per_second = compare.rate("assent_drops_total", labels);
  view.ring_bytes = compare.now("assent_ring_bytes", labels);
  view.seal_queue_blocks = compare.now("assent_seal_queue_blocks", labels);
  view.journal_queue_pages = compare.now("assent_journal_queue_pages", labels);
  view.blocks_sealed_per_second = compare.rate("assent_blocks_total", sealed);
  return view;
}

ShardView shard_of(const Comparison& compare, const std::string& shard) {
  const Scrape::Labels labels{{"shard", shard}};
  ShardView view;
  static_cast<TrafficView&>(view) = traffic_of(compare, labels);
  view.shard = shard;
  view.packet_to_gate_p99 = compare.quantile_between("assent_packet_to_gate_seconds", 0.99, labels);
  view.block_to_durable_p99 = compare.quantile_between("assent_block_to_durable_seconds", 0.99, labels);
  return view;
}

}  // namespace

EngineView view_of(const Scrape& earlier, const Scrape& later, nanoseconds apart, WallTime now) {
  const Comparison compare(earlier, later, apart);
  EngineView view;
  static_cast<TrafficView&>(view) = traffic_of(compare);
  view.ready = compare.now("assent_ready") == 1;
  view.draining = compare.now("assent_draining") == 1;
  if (const auto started = later.sum("process_start_time_seconds")) {
    view.up_seconds = std::max(0.0, std::chrono::duration<double>(now.time_since_epoch()).count() - *started);
  }
  view.cpu_cores = compare.rate("process_cpu_seconds_total");
  view.resident_bytes = compare.now("process_resident_memory_bytes");
  view.open_files = compare.now("process_open_fds");
  view.open_files_limit = compare.now("process_max_fds");
  view.calls_capacity = compare.now("assent_calls_capacity");
  view.legs_by_gate = later.sum_by("assent_legs", "gate");
  view.bytes_per_second = compare.rate("assent_received_bytes_total");
  view.drops = compare.happened("assent_drops_total", "reason");
  view.arena_bytes = compare.now("assent_arena_bytes");
  view.arena_used_bytes = compare.now("assent_arena_used_bytes");
  view.pages_durable_per_second = compare.rate("assent_pages_durable_total");
  view.stored_bytes_per_second = compare.rate("assent_stored_bytes_total");
  view.unsettled_segments = compare.now("assent_unsettled_segments");
  view.catalog_queue_bookings = compare.now("assent_catalog_queue_bookings");
  view.write_errors = compare.happened("assent_write_errors_total", "stage");
  for (const NamedLatency& latency : kLatencies) view.latencies.push_back(latency_of(compare, latency));
  for (const auto& [shard, calls] : later.sum_by("assent_calls", "shard")) {
    view.shards.push_back(shard_of(compare, shard));
  }
  // By number, not by its letters.
  std::sort(view.shards.begin(), view.shards.end(), [](const ShardView& a, const ShardView& b) {
    return a.shard.size() != b.shard.size() ? a.shard.size() < b.shard.size() : a.shard < b.shard;
  });
  return view;
}

}  // namespace assent
