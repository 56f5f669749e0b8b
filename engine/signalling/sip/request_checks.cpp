#include "engine/signalling/sip/request_checks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "engine/signalling/siprec_sessions.h"

namespace assent {
namespace {

constexpr std::array<std::string_view, 7> kAllowed = {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE"};
// Methods of SIP that are understood and not allowed; others are not implemented (RFC 3261 21.4.6 and 21.5.2).
constexpr std::array<std::string_view, 7> kKnown = {"REGISTER", "SUBSCRIBE", "NOTIFY", "PUBLISH",
                                                    "MESSAGE",  "REFER",     "PRACK"};
constexpr std::array<std::string_view, 3> kExtensions = {"siprec", "timer", "record-aware"};

template <typename List>
bool holds(const List& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

SipHeader allow() { return {"Allow", std::string(kSipAllow)}; }

std::optional<Refused> refusal_of_method(const SipRequest& request) {
  if (holds(kAllowed, request.method)) return std::nullopt;
  if (holds(kKnown, request.method)) return refuse(SipRefusal::method, 405, "Method Not Allowed", {allow()});
  return refuse(SipRefusal::method, 501, "Not Implemented", {allow()});
}

std::optional<Refused> refusal_of_extensions(const SipRequest& request) {
  std::string unknown;
  for (const std::string& option : request.require) {
    if (!holds(kExtensions, option)) unknown += (unknown.empty() ? "" : ", ") + option;
  }
  if (unknown.empty()) return std::nullopt;
  return refuse(SipRefusal::extension, 420, "Bad Extension", {{"Unsupported", unknown}});
}

bool is_offer(const SipRequest& request) { return request.method == "INVITE" || request.method == "UPDATE"; }

// RFC 3261 21.4.7: our answer to an offer is SDP. An Accept that is there and empty takes nothing.
std::optional<Refused> refusal_of_answer(const SipRequest& request) {
  if (request.method != "INVITE" || !request.accept) return std::nullopt;
  for (const char* fits : {"application/sdp", "application/*", "*/*"}) {
    if (holds(*request.accept, fits)) return std::nullopt;
  }
  return refuse(SipRefusal::body, 406, "Not Acceptable");
}

std::optional<Refused> refusal_of_body(const SipRequest& request) {
  if (request.body.size() > limits::kSipBodyBytes) {
    return refuse(SipRefusal::body, 413, "Request Entity Too Large");
  }
  if (!request.content_encoding.empty() && request.content_encoding != "identity") {
    return refuse(SipRefusal::body, 415, "Unsupported Media Type", {{"Accept-Encoding", "identity"}});
  }
  if (request.body.empty()) return std::nullopt;
  constexpr std::array<std::string_view, 3> kOffers = {"application/sdp", "application/rs-metadata",
                                                       "application/rs-metadata+xml"};
  std::string type = lower_case(std::string_view(request.content_type).substr(0, request.content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  if (is_offer(request) && !holds(kOffers, type) && !type.starts_with("multipart/")) {
    return refuse(SipRefusal::body, 415, "Unsupported Media Type", {{"Accept", std::string(kSiprecBodies)}});
  }
  return std::nullopt;
}

}  // namespace

Refused refuse(SipRefusal why, unsigned status, std::string phrase, std::vector<SipHeader> headers) {
  Refused refused;
  refused.why = why;
  refused.reply.status = status;
  refused.reply.phrase = std::move(phrase);
  refused.reply.headers = std::move(headers);
  return refused;
}

Refused refuse_for_now(SipRefusal why, std::string phrase) {
  return refuse(why, 503, std::move(phrase), {{"Retry-After", std::to_string(limits::kSipRetryAfter.count())}});
}

std::optional<Refused> refusal_of(const SipRequest& request) {
  if (auto refused = refusal_of_method(request)) return refused;
  if (request.uri_scheme != "sip" && request.uri_scheme != "sips") {
    return refuse(SipRefusal::uri_scheme, 416, "Unsupported URI Scheme");
  }
  if (auto refused = refusal_of_extensions(request)) return refused;
  if (auto refused = refusal_of_body(request)) return refused;
  return refusal_of_answer(request);
}

SipReply answer_to_options() {
  SipReply reply;
  reply.status = 200;
  reply.phrase = "OK";
  reply.headers = {allow(),
                   {"Accept", std::string(kSiprecBodies)},
                   {"Accept-Encoding", "identity"},
                   {"Supported", std::string(kSipSupported)}};
  return reply;
}

bool is_for_recording(const SipRequest& invite) {
  return invite.supports("siprec") || invite.contact_is_src || invite.body.find("rs-metadata") != std::string::npos;
}

}  // namespace assent
