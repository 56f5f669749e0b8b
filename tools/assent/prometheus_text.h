// Scrape: what an engine's /metrics said at one moment, read from the Prometheus text format (version 0.0.4).
//
// What it does not understand it leaves out: an engine of another version may say more or less. Pure; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assent {

class Scrape {
 public:
  using Labels = std::map<std::string, std::string>;

  static Scrape read(std::string_view text);

  // The sum of the samples of that name that have these labels; nothing when there is none.
  std::optional<double> sum(const std::string& name, const Labels& labels = {}) const;
  // The sums by the values of one label, in the order of the values.
  std::map<std::string, double> sum_by(const std::string& name, const std::string& label,
                                       const Labels& labels = {}) const;
  // A histogram: for each bound how many did not exceed it, over all samples that have these labels.
  std::map<double, double> buckets(const std::string& name, const Labels& labels = {}) const;

 private:
  struct Sample {
    Labels labels;
    double value = 0;
  };
  std::map<std::string, std::vector<Sample>> samples_;  // by name
};

// What share of the observations did not exceed, read off a histogram's buckets as Prometheus does: within a bucket
// they are taken to lie evenly, and beyond the last bound there is nothing but that bound. Nothing when nothing was
// observed.
std::optional<double> quantile(const std::map<double, double>& buckets, double share);

}  // namespace assent
