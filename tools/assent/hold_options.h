// The command line of legal holds: hold place, list, release. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "tools/assent/arguments.h"

namespace assent {

// CLI11 keeps references to the arguments, so this lives as long as the parse.
class HoldOptions {
 public:
  // `choose` is told the arguments of the command that was given.
  HoldOptions(CLI::App& app, std::function<void(Arguments)> choose);

 private:
  void add_place(CLI::App& hold);
  void add_list(CLI::App& hold);
  void add_release(CLI::App& hold);
  CLI::App& add_act(CLI::App& hold, HoldArguments::Act act, const std::string& does, const std::string& example);

  std::function<void(Arguments)> choose_;
  HoldArguments arguments_;
  std::optional<RecordingId> recording_;
  std::optional<CallId> call_;
  std::optional<std::string> subject_;
  std::optional<std::string> account_;
};

}  // namespace assent
