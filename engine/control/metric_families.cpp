#include "engine/control/metric_families.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>

namespace assent {

MetricFamilies::Family::Family(MetricFamilies& families, prometheus::MetricType type, std::string name,
                               std::string help)
    : families_(families) {
  family_.name = std::move(name);
  family_.help = std::move(help);
  family_.type = type;
}

MetricFamilies::Family& MetricFamilies::Family::add(double value, MetricLabels labels) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  (family_.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family_.metric.push_back(std::move(metric));
  return *this;
}

MetricFamilies::Family& MetricFamilies::Family::add(const LatencyCounts& latency, MetricLabels labels) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < latency.steps.size(); ++i) {
    so_far += latency.steps[i];
    const double bound = i < kLatencyBounds.size() ? std::chrono::duration<double>(kLatencyBounds[i]).count()
                                                   : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({so_far, bound});
  }
  metric.histogram.sample_count = so_far;
  metric.histogram.sample_sum = static_cast<double>(latency.sum_us) / 1e6;
  family_.metric.push_back(std::move(metric));
  return *this;
}

std::string MetricFamilies::text() const { return prometheus::TextSerializer().Serialize(families_); }

}  // namespace assent
