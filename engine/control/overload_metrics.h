// What /metrics shows of overload: the stage and how long each has lasted, the queues' delays and fills, the disk, and
// what was made to wait or refused. In the format of metrics.h, whose text it follows. Pure; any thread.
#pragma once

#include <string>

#include "engine/overload/overload_state.h"

namespace assent {

std::string overload_metrics_text(const OverloadReport& report);

}  // namespace assent
