// ramp: how many calls an engine records with less than one packet in 10,000 lost.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/load/capacity_search.h"
#include "bench/load/commands.h"
#include "bench/load/reports.h"

namespace assent::load {
namespace {

constexpr double kLossMax = 0.0001;

bool passes(const RunReport& report) {
  const double loss =
      static_cast<double>(report.lost()) / static_cast<double>(std::max<std::uint64_t>(1, report.player.sent));
  return loss < kLossMax && report.failures == 0 && report.missing_recordings == 0 && report.unasked_recordings == 0 &&
         report.mismatches.empty();
}

}  // namespace

ExitStatus perform(const RampCommand& command) {
  CapacitySearch search({command.from, command.step, command.max});
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  bool sender_fell_behind = false;
  while (const auto calls = search.next()) {
    RunSettings settings = command.settings;
    settings.calls.calls = *calls;
    Result<RunReport> report = [&] {
      ProgressBar progress;
      return run_load(settings, progress);
    }();
    if (!report) {
      std::cerr << "assent-load: " << report.error().what << '\n';
      return ExitStatus::failed;
    }
    // What a sender cannot send, nobody can be found to receive: the answer is then a lower bound.
    const bool passed = report->is_valid() && passes(*report);
    sender_fell_behind |= !report->is_valid();
    passed ? search.passed() : search.failed();
    if (command.output == Output::json) {
      steps.push_back(nlohmann::ordered_json::parse(json_of(*report)));
    } else {
      std::cout << text_of(*report) << (passed ? "  passed\n" : "  not passed\n") << std::flush;
    }
  }
  if (command.output == Output::json) {
    std::cout << nlohmann::ordered_json{{"calls", search.best()},
                                        {"sender_kept_up", !sender_fell_behind},
                                        {"steps", steps}}
              << '\n';
  } else {
    std::cout << search.best() << " calls pass"
              << (sender_fell_behind ? "; more than the sender can send were not tried\n" : "\n");
  }
  return search.best() > 0 ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace assent::load
