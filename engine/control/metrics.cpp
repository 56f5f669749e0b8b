#include "engine/control/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

namespace assent {
namespace {

using Families = std::vector<prometheus::MetricFamily>;
using Labels = std::vector<prometheus::ClientMetric::Label>;

// Counts beyond 2^53 lose their last digits here; the format knows only doubles.
double number(std::uint64_t value) { return static_cast<double>(value); }

class Family {
 public:
  Family(Families& families, prometheus::MetricType type, std::string name, std::string help) : families_(families) {
    family_.name = std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  ~Family() { families_.push_back(std::move(family_)); }

  Family& add(std::uint64_t value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    (family_.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = number(value);
    family_.metric.push_back(std::move(metric));
    return *this;
  }

 private:
  Families& families_;
  prometheus::MetricFamily family_;
};

Family counter(Families& families, std::string name, std::string help) {
  return {families, prometheus::MetricType::Counter, std::move(name), std::move(help)};
}
Family gauge(Families& families, std::string name, std::string help) {
  return {families, prometheus::MetricType::Gauge, std::move(name), std::move(help)};
}

// The labels of one of a shard's samples.
Labels labels_of(const ShardCounters& shard) { return {{"shard", std::to_string(shard.shard)}}; }
Labels labels_of(const ShardCounters& shard, std::string name, std::string value) {
  return {{std::move(name), std::move(value)}, {"shard", std::to_string(shard.shard)}};
}

struct ShardSample {
  const char* name;
  const char* help;
  std::uint64_t ShardCounters::*value;
};

void add_packet_path(Families& families, const EngineCounters& engine) {
  constexpr ShardSample kCounters[] = {
      {"assent_packets_total", "Datagrams received on the legs' ports", &ShardCounters::packets},
      {"assent_received_bytes_total", "Bytes of those datagrams", &ShardCounters::bytes},
  };
  constexpr ShardSample kGauges[] = {
      {"assent_calls", "Live calls", &ShardCounters::calls_live},
      {"assent_calls_capacity", "Live calls that the locked memory holds", &ShardCounters::calls_capacity},
      {"assent_arena_bytes", "Locked memory for audio without consent", &ShardCounters::arena_bytes},
      {"assent_arena_used_bytes", "Of that, in use", &ShardCounters::arena_bytes_in_use},
  };
  for (const ShardSample& sample : kCounters) {
    Family family = counter(families, sample.name, sample.help);
    for (const ShardCounters& shard : engine.shards) family.add(shard.*sample.value, labels_of(shard));
  }
  {
    Family drops = counter(families, "assent_drops_total", "Packets not recorded, by reason");
    for (const ShardCounters& shard : engine.shards) {
      for (const auto& [reason, count] : shard.drops) drops.add(count, labels_of(shard, "reason", reason));
    }
  }
  {
    Family gates = gauge(families, "assent_legs", "Legs of live calls, by the state of their gate");
    for (const ShardCounters& shard : engine.shards) {
      for (const auto& [state, count] : shard.gates) gates.add(count, labels_of(shard, "gate", state));
    }
  }
  for (const ShardSample& sample : kGauges) {
    Family family = gauge(families, sample.name, sample.help);
    for (const ShardCounters& shard : engine.shards) family.add(shard.*sample.value, labels_of(shard));
  }
}

void add_storage(Families& families, const EngineCounters& engine) {
  {
    Family blocks = counter(families, "assent_blocks_total", "Blocks of audio, by what became of them");
    blocks.add(engine.blocks_sealed, {{"fate", "sealed"}});
    blocks.add(engine.blocks_voided, {{"fate", "withdrawn"}});
    blocks.add(engine.blocks_wiped, {{"fate", "wiped"}});
    blocks.add(engine.blocks_lost, {{"fate", "lost"}});
  }
  counter(families, "assent_pages_durable_total", "Sealed pages that are on disk").add(engine.pages_durable);
  counter(families, "assent_journal_commits_total", "Commits of the journal").add(engine.commits);
  {
    Family errors = counter(families, "assent_journal_errors_total", "Failed operations of the journal");
    errors.add(engine.journal_write_errors, {{"operation", "write"}});
    errors.add(engine.journal_sync_errors, {{"operation", "sync"}});
  }
  counter(families, "assent_segments_stored_total", "Segments that became objects of the store")
      .add(engine.segments_stored);
}

void add_http(Families& families, const HttpCounters& http) {
  gauge(families, "assent_http_connections", "Open connections of the API").add(http.connections_open);
  counter(families, "assent_http_connections_total", "Connections accepted").add(http.connections);
  {
    Family refused = counter(families, "assent_http_refused_total", "What the API did not let in, by reason");
    refused.add(http.connections_refused, {{"reason", "connections"}});
    refused.add(http.refused_malformed, {{"reason", "malformed"}});
    refused.add(http.refused_too_large, {{"reason", "too_large"}});
    refused.add(http.refused_busy, {{"reason", "busy"}});
    refused.add(http.timeouts, {{"reason", "timeout"}});
  }
  counter(families, "assent_http_streams_cut_total", "Streamed replies that did not reach their end")
      .add(http.streams_cut);
}

void add_requests(Families& families, const RequestCounts& requests) {
  Family family = counter(families, "assent_api_requests_total", "Requests answered, by operation and class of status");
  const auto routes = all_routes();
  for (std::size_t operation = 0; operation < requests.size(); ++operation) {
    const std::string name = operation < routes.size() ? std::string(routes[operation].name) : std::string("none");
    for (std::size_t status = 0; status < kStatusClasses; ++status) {
      const std::uint64_t count = requests[operation][status];
      if (count > 0) family.add(count, {{"operation", name}, {"status", std::to_string(status + 1) + "xx"}});
    }
  }
}

}  // namespace

std::string metrics_text(const MetricsInput& input) {
  Families families;
  add_packet_path(families, input.engine);
  add_storage(families, input.engine);
  add_http(families, input.http);
  add_requests(families, input.requests);
  gauge(families, "assent_ready", "1 when nothing is wrong that /readyz would report").add(input.troubles == 0 ? 1 : 0);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace assent
