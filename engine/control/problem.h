// Problems: what the API says when it cannot do what was asked, as RFC 9457 problem+json with a stable `type`.
//
// This file owns the one table of problem types and how an Errc becomes one. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/control/http_message.h"

namespace assent {

enum class ProblemType : std::uint8_t {
  malformed_request,      // 400: not HTTP, not JSON, a query or id of the wrong shape
  unauthenticated,        // 401
  bad_signature,          // 401: no source of signals signed this
  stale_signature,        // 401: one did, too long ago or ahead
  denied,                 // 403: the token's role may not do this
  purpose_not_consented,  // 403: nobody consented to this use
  not_found,              // 404
  method_not_allowed,     // 405
  conflict,               // 409: right request, wrong state
  too_large,              // 413
  range_not_satisfiable,  // 416: the body has no such part
  header_too_large,       // 431
  invalid,                // 422: well-formed, with values that are not allowed
  unsupported,            // 422: understood, and not done by this build
  idempotency_mismatch,   // 422: the key was used with another request
  internal,               // 500
  corrupt,                // 500: stored bytes do not verify
  unavailable,            // 503: something the engine needs does not answer now
  exhausted,              // 503: a stated bound is reached
  busy,                   // 503: too many requests at once
  erasure_incomplete,     // 503: keys or audio are still there; tried again at the next start
  overloaded,             // 503: not now, because calls in progress come first
  disk_full,              // 503: the rest of the disk is kept for calls in progress
  over_quota,             // 429: the tenant has as much as it may have
};

struct ProblemInfo {
  ProblemType type;
  std::string_view name;  // type is "urn:assent:problem:" and this
  unsigned status;
  std::string_view title;
  unsigned retry_after_s = 0;  // when asking again may help; 0: unsaid
};
std::span<const ProblemInfo> all_problems();

// One wrong value: where (a JSON pointer, RFC 6901, or a query parameter's name) and what is allowed there.
struct FieldError {
  std::string pointer;
  std::string what;

  bool operator==(const FieldError&) const = default;
};

struct Problem {
  ProblemType type = ProblemType::internal;
  std::string detail;  // one sentence about this occurrence
  std::vector<FieldError> errors;
};

Problem problem_of(const Error& error);
ProblemType problem_type_of(Errc code);
ProblemType problem_type_of_status(unsigned status);  // of a refusal that the HTTP server made

HttpResponse to_response(const Problem& problem);

}  // namespace assent
