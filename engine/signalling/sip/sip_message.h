// A SIP request as far as a recording server reads it, and what is sent: plain values, between the library that knows
// SIP's grammar (sofia_stack.h) and everything that decides.
//
// Option tags, media types and header names are in lower case; header values that go back into other messages are as
// they came. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.h"

namespace assent {

enum class SipTransport { udp, tcp, tls };
std::string_view name_of(SipTransport transport);  // "udp"

// Where a request came from.
struct SipSource {
  Endpoint from;
  SipTransport transport = SipTransport::udp;
  std::vector<std::string> tls_names;  // of the certificate that was verified: its subject's alternative names, or CN
};

// A response to a challenge (RFC 7616 section 3.4), without the quotes.
struct DigestResponse {
  std::string realm, username, nonce, uri, response, algorithm, qop, nc, cnonce;
};

enum class Refresher { none, uac, uas };  // none: it is not said

// RFC 4028
struct SessionExpires {
  std::chrono::seconds interval{0};
  Refresher refresher = Refresher::none;

  bool operator==(const SessionExpires&) const = default;
};

struct SipRequest {
  std::string method;
  std::string uri_scheme, uri_user;
  SipSource source;
  std::string call_id;
  std::string from, to;  // whole values, as they came
  std::string from_tag, to_tag;
  std::uint32_t cseq = 0;
  std::vector<std::string> require, supported, allow;  // of Allow: methods
  std::optional<std::vector<std::string>> accept;      // media ranges, without parameters
  std::string contact;                                 // the first one's URI
  bool contact_is_src = false;                         // with the feature tag +sip.src (RFC 7866 section 10)
  std::vector<std::string> record_route;               // in the message's order
  std::optional<SessionExpires> session_expires;
  std::optional<std::chrono::seconds> min_se;
  std::vector<DigestResponse> authorization;
  std::string session_id;  // RFC 7989
  std::string content_type, content_encoding;
  std::string body;

  bool requires_tag(std::string_view option) const;
  bool supports(std::string_view option) const;  // or requires
};

struct SipHeader {
  std::string name, value;

  bool operator==(const SipHeader&) const = default;
};

// A response to a request. The To tag is this one unless the request has one.
struct SipReply {
  unsigned status = 0;
  std::string phrase;
  std::string to_tag;
  std::vector<SipHeader> headers;
  std::string content_type, body;
};

// A request of ours in a dialog.
struct SipOutgoing {
  std::string method;
  std::string target;              // Request-URI
  std::vector<std::string> route;  // Route, in the order in which they are visited
  std::string call_id, from, to;   // whole values, with their tags
  std::uint32_t cseq = 0;
  std::vector<SipHeader> headers;
  std::string content_type, body;
};

// A final response to one of ours. 408 also when none came.
struct SipOutcome {
  unsigned status = 0;
  std::optional<SessionExpires> session_expires;
  std::optional<std::chrono::seconds> min_se;
};

}  // namespace assent
