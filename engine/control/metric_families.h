// MetricFamilies: builds the families of a scrape, one after the other, and writes them as Prometheus text.
//
// It keeps prometheus-cpp's types to this file and its users in this folder. One thread.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/latency_histogram.h"

namespace assent {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

class MetricFamilies {
 public:
  // A family is added when it goes out of scope.
  class Family {
   public:
    Family(MetricFamilies& families, prometheus::MetricType type, std::string name, std::string help);
    ~Family() { families_.families_.push_back(std::move(family_)); }
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;

    Family& add(double value, MetricLabels labels = {});
    // Counts beyond 2^53 lose their last digits here; the format knows only doubles.
    Family& add(std::uint64_t value, MetricLabels labels = {}) {
      return add(static_cast<double>(value), std::move(labels));
    }
    Family& add(const LatencyCounts& latency, MetricLabels labels = {});

   private:
    MetricFamilies& families_;
    prometheus::MetricFamily family_;
  };

  Family counter(std::string name, std::string help) {
    return {*this, prometheus::MetricType::Counter, std::move(name), std::move(help)};
  }
  Family gauge(std::string name, std::string help) {
    return {*this, prometheus::MetricType::Gauge, std::move(name), std::move(help)};
  }
  Family latency(std::string name, std::string help) {  // seconds
    return {*this, prometheus::MetricType::Histogram, std::move(name), std::move(help)};
  }

  std::string text() const;

 private:
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace assent
