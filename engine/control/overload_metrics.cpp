#include "engine/control/overload_metrics.h"

#include "engine/control/metric_families.h"

namespace assent {
namespace {

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::string overload_metrics_text(const OverloadReport& report) {
  MetricFamilies families;
  families
      .gauge("assent_overload_stage",
             "What waits: 0 nothing, 1 queries, 2 settling too, 3 rings shorten too, 4 admission stops too")
      .add(static_cast<double>(report.verdict.stage));
  {
    auto stages = families.counter("assent_overload_stage_seconds_total", "Time spent in each stage");
    for (const OverloadStage stage : kOverloadStages) {
      stages.add(seconds_of(report.time_in_stages.at(static_cast<std::size_t>(stage))),
                 {{"stage", std::string(to_text(stage))}});
    }
  }
  {
    auto delays = families.gauge("assent_queue_delay_seconds", "Age of the oldest entry of a queue");
    for (const OverloadQueue queue : kOverloadQueues) {
      delays.add(seconds_of(report.signs[queue].delay), {{"queue", std::string(to_text(queue))}});
    }
  }
  {
    auto fills = families.gauge("assent_queue_fill_ratio", "How full a queue is, of 1; the fullest of its kind");
    for (const OverloadQueue queue : kOverloadQueues) {
      const QueueSign& sign = report.signs[queue];
      const double capacity = sign.capacity == 0 ? 1 : static_cast<double>(sign.capacity);
      fills.add(static_cast<double>(sign.used) / capacity, {{"queue", std::string(to_text(queue))}});
    }
  }
  families.gauge("assent_disk_free_bytes", "Free on the file system of the state folder")
      .add(report.signs.free_disk_bytes.value_or(0));
  families.gauge("assent_disk_reserve_bytes", "Below so much free, no new call is taken")
      .add(report.disk_reserve_bytes);
  families.gauge("assent_disk_full", "1 when the disk is why no new call is taken")
      .add(report.verdict.disk == DiskRoom::enough ? 0.0 : 1.0);
  families.counter("assent_overload_delayed_total", "Queries that had to wait for calm").add(report.queries_waited);
  {
    auto refused = families.counter("assent_overload_refused_total", "Requests refused for overload or a full disk");
    refused.add(report.queries_refused, {{"what", "query"}});
    refused.add(report.calls_refused, {{"what", "call"}});
  }
  return families.text();
}

}  // namespace assent
