// LegSpec from its JSON: whose leg it is, where its packets come from, what their payload types stand for, and what
// they are protected with. LegChange, of a leg that is there.
//
// SRTP is told as SDES tells it (RFC 4568), or by whose handshake makes its keys (DTLS-SRTP, RFC 5763), in one of these
// forms:
//
//     {"suite": "AES_CM_128_HMAC_SHA1_80", "key": BASE64, "mki": HEX}      mki when packets carry one
//     {"suite": ..., "keys": [{"key": BASE64, "mki": HEX}, ...]}           told apart by their MKIs
//     {"fingerprint": "sha-256 12:DF:3E:..."}                              of the certificate that the sender will show
//     "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:BASE64|2^20|1:4"           the line itself
//
// No fault repeats a key. The body and what was parsed of it, which have them in ordinary memory, are the server's.
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

// `no_memory` is set when there is no locked memory left for a key, which is also a fault.
LegSpec read_leg(const nlohmann::json& value, const std::string& pointer, std::vector<FieldError>& faults,
                 bool& no_memory);
// {"rtpengine": {"control": "192.0.2.1:2223", "call_id": ..., "tags": [...]}}: the source of a whole call.
RtpengineCall read_call_source(const nlohmann::json& value, const std::string& pointer,
                               std::vector<FieldError>& faults);
LegChange read_leg_change(const nlohmann::json& value, const std::string& pointer, std::vector<FieldError>& faults,
                          bool& no_memory);

}  // namespace assent
