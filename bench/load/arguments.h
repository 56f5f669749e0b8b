// Arguments: the command line of assent-load, checked, as one value for each command. Pure but for help and complaints,
// and for the files of --token and --state, which are read here.
#pragma once

#include <optional>
#include <variant>

#include "bench/load/load_run.h"
#include "pipelines/pipeline_config.h"

namespace assent::load {

enum class Output { text, json };

struct RunCommand {
  RunSettings settings;
  Output output = Output::text;
};
struct SendCommand {
  PlayerSettings player;
  seconds duration{10};
};
struct RampCommand {
  RunSettings settings;  // of each step
  std::size_t from = 100;
  std::size_t step = 50;
  std::size_t max = 2000;
  Output output = Output::text;
};
struct ReceiveCommand {
  std::size_t ports = 0;
  pipeline::Sockets sockets = pipeline::Sockets::steered;
  milliseconds sweep{5};
  seconds duration{10};
};
using Command = std::variant<RunCommand, SendCommand, RampCommand, ReceiveCommand>;

// What the exit code says.
enum class ExitStatus : int {
  ok = 0,
  failed = 1,     // packets were lost, a recording is not what was sent, or nothing could be done
  usage = 2,      // the command line is wrong
  not_valid = 3,  // the sender fell behind: the figures say nothing of the receiver
};

std::variant<Command, ExitStatus> parse_arguments(int argc, const char* const* argv);

}  // namespace assent::load
