// How a recording session is refused: the final response (RFC 3261 section 21) for what went wrong. Every refusal says
// why in its phrase, of 200 bytes at most. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/signalling/siprec_sessions.h"

namespace assent {

SiprecAnswer refusal(unsigned status, std::string_view why);

// Of what the calls said: 488 for what can never be recorded, 481 for a call that is not there, 503 with a time to try
// again for what may work later, or elsewhere; 480 where only this tenant has no more room; 500 for what is broken.
SiprecAnswer refusal_of(const Error& error);

}  // namespace assent
