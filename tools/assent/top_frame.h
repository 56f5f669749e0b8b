// TopFrame: an EngineView as people read it, and as programs do. Pure; one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/assent/engine_view.h"

namespace assent {

// Lines of plain text, about 80 columns, without line ends. `engine` says which one it is: its address.
std::vector<std::string> text_frame(const EngineView& view, const std::string& engine);

// One object; latencies in seconds, null where nothing was observed.
nlohmann::ordered_json json_frame(const EngineView& view, const std::string& engine, WallTime at);

}  // namespace assent
