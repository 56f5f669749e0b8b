// What people and legs of a recording session are called in their call. A name is short, never empty, and never given
// twice in one session. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/signalling/session_state.h"

namespace assent {

// Of a participant's id in the metadata: itself, or where it is too long for a ref, its SHA-256.
std::string ref_of(std::string_view metadata_id);

// `wanted`, or "WANTED (2)" where somebody, or a leg, is or was called so.
std::string free_ref(const SessionState& session, const std::string& wanted);
std::string free_label(const SessionState& session, const std::string& wanted);

}  // namespace assent
