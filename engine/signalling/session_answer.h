// How a recording session's m-lines are answered (RFC 3264 section 6, RFC 7866 section 7.1.2): we only ever receive; an
// m-line that does not send now is inactive, one that is not recorded has port 0. Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/control/call_service.h"
#include "engine/signalling/session_state.h"

namespace assent {

// The session as it stands, with the ports that its legs have. Errc::not_found: the call has not all of its legs.
Result<std::string> session_answer(const SessionState& session, const CallView& call);

}  // namespace assent
