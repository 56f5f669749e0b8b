#include "tools/assent/prometheus_text.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace assent {
namespace {

bool has_all(const Scrape::Labels& labels, const Scrape::Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && found->second == label.second;
  });
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

std::string_view take_name(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name);
  const std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(name.size());
  return name;
}

// What stands between quotes, the three escapes of the format taken back; nothing without an end.
std::optional<std::string> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i - 1] == '\\' && text[i] == 'n' ? '\n' : text[i];
  }
  return std::nullopt;
}

std::optional<Scrape::Labels> take_labels(std::string_view& text) {
  Scrape::Labels labels;
  if (!text.starts_with('{')) return labels;
  text.remove_prefix(1);
  while (!text.starts_with('}')) {
    const std::string name(take_name(text));
    if (name.empty() || !text.starts_with('=')) return std::nullopt;
    text.remove_prefix(1);
    auto value = take_quoted(text);
    if (!value) return std::nullopt;
    labels[name] = *std::move(value);
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  text.remove_prefix(1);
  return labels;
}

std::optional<double> number_of(std::string_view text) {
  const std::string copy(text.substr(0, text.find(' ')));  // a time stamp may follow
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);  // takes +Inf and NaN, too
  return copy.empty() || *end != '\0' ? std::nullopt : std::optional(value);
}

}  // namespace

Scrape Scrape::read(std::string_view text) {
  Scrape scrape;
  while (!text.empty()) {
    const auto length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    const std::string name(take_name(line));  // a comment has none
    auto labels = take_labels(line);
    if (name.empty() || !labels || !line.starts_with(' ')) continue;
    const auto value = number_of(line.substr(1));
    if (value) scrape.samples_[name].push_back({*std::move(labels), *value});
  }
  return scrape;
}

std::optional<double> Scrape::sum(const std::string& name, const Labels& labels) const {
  const auto family = samples_.find(name);
  if (family == samples_.end()) return std::nullopt;
  std::optional<double> sum;
  for (const Sample& sample : family->second) {
    if (has_all(sample.labels, labels)) sum = sum.value_or(0) + sample.value;
  }
  return sum;
}

std::map<std::string, double> Scrape::sum_by(const std::string& name, const std::string& label,
                                             const Labels& labels) const {
  std::map<std::string, double> sums;
  const auto family = samples_.find(name);
  if (family == samples_.end()) return sums;
  for (const Sample& sample : family->second) {
    const auto value = sample.labels.find(label);
    if (value != sample.labels.end() && has_all(sample.labels, labels)) sums[value->second] += sample.value;
  }
  return sums;
}

std::map<double, double> Scrape::buckets(const std::string& name, const Labels& labels) const {
  std::map<double, double> buckets;
  for (const auto& [bound, count] : sum_by(name + "_bucket", "le", labels)) {
    if (const auto number = number_of(bound)) buckets[*number] += count;
  }
  return buckets;
}

std::optional<double> quantile(const std::map<double, double>& buckets, double share) {
  if (buckets.empty() || buckets.rbegin()->second <= 0) return std::nullopt;
  const double wanted = share * buckets.rbegin()->second;
  double lower = 0;
  double below = 0;
  for (const auto& [bound, count] : buckets) {
    if (count >= wanted) {
      if (std::isinf(bound)) return lower;
      return count > below ? lower + (bound - lower) * (wanted - below) / (count - below) : bound;
    }
    lower = bound;
    below = count;
  }
  return lower;
}

}  // namespace assent
