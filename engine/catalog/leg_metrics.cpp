#include "engine/catalog/leg_metrics.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace assent {
namespace {

using nlohmann::json;

struct Number {
  const char* name;
  std::uint64_t (*get)(const LegMetrics&);
  void (*set)(LegMetrics&, std::uint64_t);
};

template <auto Field>
constexpr Number span_of_time(const char* name) {
  return {name, [](const LegMetrics& from) { return static_cast<std::uint64_t>((from.*Field).count()); },
          [](LegMetrics& to, std::uint64_t value) { to.*Field = milliseconds(value); }};
}

template <auto Field>
constexpr Number number(const char* name) {
  return {name, [](const LegMetrics& from) { return std::uint64_t{from.*Field}; },
          [](LegMetrics& to, std::uint64_t value) {
            to.*Field = static_cast<std::remove_reference_t<decltype(to.*Field)>>(value);
          }};
}

constexpr std::array<Number, 4> kNumbers = {
    {number<&LegMetrics::held_bytes>("held_bytes"), span_of_time<&LegMetrics::hold>("hold_ms"),
     number<&LegMetrics::jitter_mean_us>("jitter_mean_us"), number<&LegMetrics::jitter_most_us>("jitter_most_us")}};

// What may not have been measured: then it is null.
struct Measure {
  const char* name;
  std::optional<milliseconds> LegMetrics::*field;
};
constexpr std::array<Measure, 2> kMeasures = {{{"talk_ms", &LegMetrics::talk}, {"quiet_ms", &LegMetrics::quiet}}};

}  // namespace

LegMetrics& LegMetrics::operator+=(const LegMetrics& later) {
  const std::uint64_t before = counts.received;
  const std::uint64_t all = before + later.counts.received;
  if (all != 0) {
    jitter_mean_us =
        static_cast<std::uint32_t>((jitter_mean_us * before + later.jitter_mean_us * later.counts.received) / all);
  }
  jitter_most_us = std::max(jitter_most_us, later.jitter_most_us);
  for (const LegCountTag& tag : kLegCountTags) counts.*tag.count += later.counts.*tag.count;
  held_bytes = std::max(held_bytes, later.held_bytes);
  for (const Measure& measure : kMeasures) {
    auto& sum = this->*measure.field;
    const auto& more = later.*measure.field;
    sum = sum && more ? std::optional(*sum + *more) : std::nullopt;
  }
  hold += later.hold;
  return *this;
}

std::string to_json(const LegMetrics& metrics) {
  json counts = json::object();
  for (const LegCountTag& tag : kLegCountTags) counts[std::string(tag.name)] = metrics.counts.*tag.count;
  json object = {{"counts", std::move(counts)}};
  for (const Number& number : kNumbers) object[number.name] = number.get(metrics);
  for (const Measure& measure : kMeasures) {
    const auto& value = metrics.*measure.field;
    object[measure.name] = value ? json(static_cast<std::uint64_t>(value->count())) : json(nullptr);
  }
  return object.dump();
}

Result<LegMetrics> leg_metrics_from(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  const auto corrupt = [] { return error(Errc::corrupt, "a leg's metrics are not what they were written as"); };
  if (!object.is_object() || !object.contains("counts") || !object.at("counts").is_object()) return corrupt();
  LegMetrics metrics;
  for (const LegCountTag& tag : kLegCountTags) {
    const auto count = object.at("counts").find(tag.name);
    if (count == object.at("counts").end() || !count->is_number_unsigned()) return corrupt();
    metrics.counts.*tag.count = count->get<std::uint64_t>();
  }
  for (const Number& number : kNumbers) {
    const auto value = object.find(number.name);
    if (value == object.end() || !value->is_number_unsigned()) return corrupt();
    number.set(metrics, value->get<std::uint64_t>());
  }
  for (const Measure& measure : kMeasures) {
    const auto value = object.find(measure.name);
    if (value == object.end() || !(value->is_null() || value->is_number_unsigned())) return corrupt();
    if (!value->is_null()) metrics.*measure.field = milliseconds(value->get<std::int64_t>());
  }
  return metrics;
}

}  // namespace assent
