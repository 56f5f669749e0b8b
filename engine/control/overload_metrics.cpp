#include "engine/control/overload_metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

namespace assent {
namespace {

using prometheus::MetricType;

struct Sample {
  double value;
  std::string label;  // its value; empty: without one
};

prometheus::MetricFamily family(MetricType type, std::string name, std::string help, const std::string& label,
                                const std::vector<Sample>& samples) {
  prometheus::MetricFamily made;
  made.name = std::move(name);
  made.help = std::move(help);
  made.type = type;
  for (const Sample& sample : samples) {
    prometheus::ClientMetric metric;
    if (!sample.label.empty()) metric.label.push_back({label, sample.label});
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = sample.value;
    made.metric.push_back(std::move(metric));
  }
  return made;
}

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::string overload_metrics_text(const OverloadReport& report) {
  std::vector<Sample> in_stages;
  for (const OverloadStage stage : kOverloadStages) {
    const nanoseconds time = report.time_in_stages.at(static_cast<std::size_t>(stage));
    in_stages.push_back({seconds_of(time), std::string(to_text(stage))});
  }
  std::vector<Sample> delays;
  std::vector<Sample> fills;
  for (const OverloadQueue queue : kOverloadQueues) {
    const QueueSign& sign = report.signs[queue];
    const std::string name(to_text(queue));
    delays.push_back({seconds_of(sign.delay), name});
    const double capacity = sign.capacity == 0 ? 1 : static_cast<double>(sign.capacity);
    fills.push_back({static_cast<double>(sign.used) / capacity, name});
  }
  const auto count = [](std::uint64_t value) { return static_cast<double>(value); };

  std::vector<prometheus::MetricFamily> families = {
      family(MetricType::Gauge, "assent_overload_stage",
             "What waits: 0 nothing, 1 queries, 2 settling too, 3 rings shorten too, 4 admission stops too", "",
             {{static_cast<double>(report.verdict.stage), ""}}),
      family(MetricType::Counter, "assent_overload_stage_seconds_total", "Time spent in each stage", "stage",
             in_stages),
      family(MetricType::Gauge, "assent_queue_delay_seconds", "Age of the oldest entry of a queue", "queue", delays),
      family(MetricType::Gauge, "assent_queue_fill_ratio", "How full a queue is, of 1; the fullest of its kind",
             "queue", fills),
      family(MetricType::Gauge, "assent_disk_free_bytes", "Free on the file system of the state folder", "",
             {{count(report.signs.free_disk_bytes.value_or(0)), ""}}),
      family(MetricType::Gauge, "assent_disk_reserve_bytes", "Below so much free, no new call is taken", "",
             {{count(report.disk_reserve_bytes), ""}}),
      family(MetricType::Gauge, "assent_disk_full", "1 when the disk is why no new call is taken", "",
             {{report.verdict.disk == DiskRoom::enough ? 0.0 : 1.0, ""}}),
      family(MetricType::Counter, "assent_overload_delayed_total", "Queries that had to wait for calm", "",
             {{count(report.queries_waited), ""}}),
      family(MetricType::Counter, "assent_overload_refused_total", "Requests refused for overload or a full disk",
             "what", {{count(report.queries_refused), "query"}, {count(report.calls_refused), "call"}})};
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace assent
