#include "engine/control/problem.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace assent {
namespace {

constexpr std::array<ProblemInfo, 24> kProblems = {{
    {ProblemType::malformed_request, "malformed-request", 400, "The request is malformed"},
    {ProblemType::unauthenticated, "unauthenticated", 401, "A valid bearer token is needed"},
    {ProblemType::bad_signature, "bad-signature", 401, "A signature of the source is needed"},
    {ProblemType::stale_signature, "stale-signature", 401, "The signature is not of now"},
    {ProblemType::denied, "denied", 403, "The token's role may not do this"},
    {ProblemType::purpose_not_consented, "purpose-not-consented", 403, "Nobody consented to this purpose"},
    {ProblemType::not_found, "not-found", 404, "There is no such thing"},
    {ProblemType::method_not_allowed, "method-not-allowed", 405, "This resource does not take this method"},
    {ProblemType::conflict, "conflict", 409, "The present state does not allow this"},
    {ProblemType::too_large, "too-large", 413, "The body is too large"},
    {ProblemType::range_not_satisfiable, "range-not-satisfiable", 416, "The body has no such part"},
    {ProblemType::header_too_large, "header-too-large", 431, "The header is too large"},
    {ProblemType::invalid, "invalid", 422, "A value is not allowed"},
    {ProblemType::unsupported, "unsupported", 422, "This is not supported"},
    {ProblemType::idempotency_mismatch, "idempotency-mismatch", 422, "The Idempotency-Key was used differently before"},
    {ProblemType::internal, "internal", 500, "The engine failed"},
    {ProblemType::corrupt, "corrupt", 500, "Stored data does not verify"},
    {ProblemType::unavailable, "unavailable", 503, "Something the engine needs does not answer", 1},
    {ProblemType::exhausted, "exhausted", 503, "A bound of the engine is reached", 1},
    {ProblemType::busy, "busy", 503, "Too many requests at once", 1},
    {ProblemType::erasure_incomplete, "erasure-incomplete", 503, "Not everything is erased yet", 1},
    {ProblemType::overloaded, "overloaded", 503, "Calls in progress come first", 5},
    {ProblemType::disk_full, "disk-full", 503, "The disk is nearly full", 30},
    {ProblemType::over_quota, "over-quota", 429, "The tenant's quota is used up", 10},
}};

constexpr bool table_is_in_order() {
  for (std::size_t i = 0; i < kProblems.size(); ++i) {
    if (kProblems[i].type != static_cast<ProblemType>(i)) return false;
  }
  return true;
}
static_assert(table_is_in_order());

const ProblemInfo& info_of(ProblemType type) { return kProblems.at(static_cast<std::size_t>(type)); }

}  // namespace

std::span<const ProblemInfo> all_problems() { return kProblems; }

ProblemType problem_type_of(Errc code) {
  switch (code) {
    case Errc::invalid: return ProblemType::invalid;
    case Errc::not_found: return ProblemType::not_found;
    case Errc::conflict: return ProblemType::conflict;
    case Errc::unauthenticated: return ProblemType::unauthenticated;
    case Errc::denied: return ProblemType::denied;
    case Errc::exhausted: return ProblemType::exhausted;
    case Errc::unavailable: return ProblemType::unavailable;
    case Errc::io: return ProblemType::internal;
    case Errc::corrupt: return ProblemType::corrupt;
    case Errc::unsupported: return ProblemType::unsupported;
    case Errc::overloaded: return ProblemType::overloaded;
    case Errc::disk_full: return ProblemType::disk_full;
    case Errc::over_quota: return ProblemType::over_quota;
  }
  return ProblemType::internal;
}

ProblemType problem_type_of_status(unsigned status) {
  if (status == 503) return ProblemType::busy;
  const auto found = std::find_if(kProblems.begin(), kProblems.end(),
                                  [status](const ProblemInfo& info) { return info.status == status; });
  return found == kProblems.end() ? ProblemType::internal : found->type;
}

Problem problem_of(const Error& error) { return {problem_type_of(error.code), error.what, {}}; }

HttpResponse to_response(const Problem& problem) {
  const ProblemInfo& info = info_of(problem.type);
  nlohmann::ordered_json body = {{"type", "urn:assent:problem:" + std::string(info.name)},
                                 {"title", info.title},
                                 {"status", info.status},
                                 {"detail", problem.detail}};
  for (const FieldError& field : problem.errors) {
    body["errors"].push_back({{"pointer", field.pointer}, {"detail", field.what}});
  }
  HttpResponse response;
  response.status = info.status;
  response.content_type = "application/problem+json";
  // A detail may quote what was sent, which need not be UTF-8.
  response.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  if (info.status == 401) {
    const char* scheme = problem.type == ProblemType::unauthenticated ? "Bearer" : "Assent-Signature";
    response.headers.emplace_back("WWW-Authenticate", std::string(scheme) + " realm=\"assent\"");
  }
  if (info.retry_after_s != 0) response.headers.emplace_back("Retry-After", std::to_string(info.retry_after_s));
  return response;
}

}  // namespace assent
