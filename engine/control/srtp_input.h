// SrtpTerms from their JSON, in the forms that engine/control/leg_input.h shows (its only user).
//
// Null when something is wrong, which is noted, and no fault repeats a key. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "crypto/srtp_terms.h"
#include "engine/control/problem.h"

namespace assent {

// `no_memory` is set when there is no locked memory left for a key, which is also a fault.
SharedSrtpTerms read_srtp(const nlohmann::json& value, const std::string& pointer, std::vector<FieldError>& faults,
                          bool& no_memory);

}  // namespace assent
