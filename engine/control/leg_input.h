// LegSpec from its JSON: whose leg it is, where its packets come from, and what their payload types stand for.
//
// Every fault is noted with its pointer and none ends the reading. Names that must exist elsewhere (participants) are
// the caller's to check. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/control/call_service.h"
#include "engine/control/problem.h"

namespace assent {

// `wants_srtp` is set when the leg asks for it, which is also a fault.
LegSpec read_leg(const nlohmann::json& value, const std::string& pointer, std::vector<FieldError>& faults,
                 bool& wants_srtp);

}  // namespace assent
