// What a recording server asks of a request before it looks at sessions (RFC 3261 section 8.2): its method, its
// Request-URI, the extensions it requires, its body. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "engine/signalling/sip/sip_message.h"
#include "engine/signalling/sip/sip_tally.h"

namespace assent {

inline constexpr std::string_view kSipAllow = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";
inline constexpr std::string_view kSipSupported = "timer, siprec, record-aware";

// Any response has its To tag still to come.
struct Refused {
  SipRefusal why;
  SipReply reply;
};
Refused refuse(SipRefusal why, unsigned status, std::string phrase, std::vector<SipHeader> headers = {});
// 503, with when to come back.
Refused refuse_for_now(SipRefusal why, std::string phrase);

// None: nothing is against it. Not for ACK and CANCEL, which nobody may refuse so.
std::optional<Refused> refusal_of(const SipRequest& request);

SipReply answer_to_options();

// Whether an INVITE says that it is for a recording session: by the option tag or the feature tag of RFC 7866 (sections
// 8.1 and 10), or, as not all SBCs set them, by the metadata it brings.
bool is_for_recording(const SipRequest& invite);

}  // namespace assent
