// run: one load on a running engine.
#include <iostream>

#include "bench/load/commands.h"
#include "bench/load/reports.h"

namespace assent::load {

ExitStatus perform(const RunCommand& command) {
  Result<RunReport> report = [&] {
    ProgressBar progress;
    return run_load(command.settings, progress);
  }();
  if (!report) {
    std::cerr << "assent-load: " << report.error().what << '\n';
    return ExitStatus::failed;
  }
  std::cout << (command.output == Output::json ? json_of(*report) + "\n" : text_of(*report)) << std::flush;
  if (!report->is_valid()) return ExitStatus::not_valid;
  return report->is_right() ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace assent::load
