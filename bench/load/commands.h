// The commands of assent-load. Results go to standard output, all else to standard error. One thread.
#pragma once

#include "bench/load/arguments.h"

namespace assent::load {

ExitStatus perform(const RunCommand& command);
ExitStatus perform(const RampCommand& command);
ExitStatus perform(const SendCommand& command);
ExitStatus perform(const ReceiveCommand& command);

}  // namespace assent::load
