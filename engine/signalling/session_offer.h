// What the body of a request in a recording session says (RFC 7866 section 9): a session description, metadata, or both
// in one multipart body, among parts that are none of ours. Pure; any thread.
#pragma once

#include <string_view>

#include "base/endpoint.h"
#include "engine/signalling/session_plan.h"
#include "engine/signalling/siprec_sessions.h"

namespace assent {

// Without a body neither is there. Refused: 400, what is malformed, and where; 415, nothing of it is known.
Result<SessionOffer, SiprecAnswer> read_session_offer(std::string_view content_type, std::string_view body,
                                                      const Endpoint& from);

}  // namespace assent
