// Between sofia-sip's messages and plain values. For sofia_stack.cpp; on its thread.
#pragma once

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_types.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/tport.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/signalling/sip/sip_message.h"

namespace assent {

// A request that sofia-sip has found sane: it has Via, To, From, Call-ID and CSeq.
SipRequest request_of(msg_t* message, const sip_t& sip, tport_t* delivered_by);
// A whole message that came in one piece. None: no request, or not a sane one.
std::optional<SipRequest> read_request(std::string_view datagram);
SipOutcome outcome_of(unsigned status, const sip_t* sip);
SipTransport transport_of(const tport_t* transport);

// Puts headers and body into a message that is being made. False: there is no memory.
bool add_headers(msg_t* message, const std::vector<SipHeader>& headers);
bool add_body(msg_t* message, const std::string& content_type, const std::string& body);

// Into one line, without what would end it.
std::string on_one_line(const std::string& text);

}  // namespace assent
