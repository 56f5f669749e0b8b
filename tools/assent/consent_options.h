// The command lines of what concerns people beyond one call: withdraw, erase, consents, notices, purposes,
// processors. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "tools/assent/arguments.h"

namespace assent {

// CLI11 keeps references to the arguments, so this lives as long as the parse.
class ConsentOptions {
 public:
  // `choose` is told the arguments of the command that was given.
  ConsentOptions(CLI::App& app, std::function<void(Arguments)> choose);

 private:
  void add_withdraw();
  void add_erase();
  void add_disclose();
  void add_standing();
  void add_notices();
  void add_purposes();
  void add_processors();
  CLI::App& add(const std::string& name, const std::string& does, const std::string& example);

  CLI::App& app_;
  std::function<void(Arguments)> choose_;
  WithdrawArguments withdraw_;
  EraseArguments erase_;
  DiscloseArguments disclose_;
  StandingArguments standing_;
  NoticesArguments notices_;
  PurposesArguments purposes_;
  ProcessorsArguments processors_;
};

}  // namespace assent
