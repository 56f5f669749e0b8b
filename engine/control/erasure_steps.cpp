#include "engine/control/erasure_steps.h"

#include <nlohmann/json.hpp>

namespace assent {
namespace {

using nlohmann::json;

json steps_of(const ErasureRow& row) {
  json steps = json::parse(row.steps_json, nullptr, false);
  return steps.is_array() ? steps : json::array();
}

json json_of(WallTime at, std::string_view step, std::string_view what) {
  return {{"at", to_rfc3339(at)}, {"step", step}, {"what", what}};
}

}  // namespace

void add_step(ErasureRow& row, WallTime at, std::string_view step, std::string_view what) {
  json steps = steps_of(row);
  steps.push_back(json_of(at, step, what));
  row.steps_json = steps.dump();
}

void set_step(ErasureRow& row, WallTime at, std::string_view step, std::string_view what) {
  json steps = steps_of(row);
  if (!steps.empty() && steps.back().value("step", "") == step) steps.erase(steps.size() - 1);
  steps.push_back(json_of(at, step, what));
  row.steps_json = steps.dump();
}

ErasureView view_of(const ErasureRow& row) {
  ErasureView view{row.id, row.target_kind, row.target_id, row.requested, row.done, {}, std::nullopt, row.held};
  for (const json& step : steps_of(row)) {
    view.steps.push_back(
        {step.value("step", ""), parse_rfc3339(step.value("at", "")).value_or(row.requested), step.value("what", "")});
  }
  return view;
}

WallTime time_of_step(const ErasureRow& row, std::string_view step) {
  WallTime at = row.requested;
  for (const ErasureStep& one : view_of(row).steps) {
    if (one.step == step) at = one.at;
  }
  return at;
}

std::string count_text(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace assent
