#include "engine/control/api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

constexpr std::array<OperationFn, kOperations> kOperationFns = {
    create_call,
    list_calls,
    show_call,
    end_call,
    record_consent,
    receive_signal,
    pause_call,
    resume_call,
    change_legs,
    add_note,
    erase_note,
    list_recordings,
    show_recording,
    play_recording,
    draw_recording,
    delete_recording,
    erase_metrics,
    record_key_export,
    erase_subject,
    export_subject,
    withdraw_subject,
    add_standing_consent,
    list_standing_consents,
    withdraw_standing_consent,
    delete_tenant,
    show_erasure,
    place_hold,
    list_holds,
    release_hold,
    show_export,
    download_export,
    delete_export,
    show_keys,
    rotate_keys,
    list_ledger,
    verify_ledger,
    show_call_receipts,
    show_subject_receipts,
    show_receipt_keys,
    add_notice,
    list_notices,
    show_notice,
    add_purpose,
    list_purposes,
    list_processors,
    retry_processor,
    waive_processor,
    confirm_erasure,
    add_token,
    list_tokens,
    delete_token,
    show_metrics,
    show_health,
    show_readiness,
    show_openapi,
};

std::string joined(const std::vector<std::string_view>& parts) {
  std::string out;
  for (const std::string_view part : parts) out.append(out.empty() ? "" : ", ").append(part);
  return out;
}

// RFC 6750 section 2.1; the scheme's case does not matter.
std::optional<std::string_view> bearer_token(const HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  const auto field = request.headers.find("authorization");
  if (field == request.headers.end() || field->second.size() <= kScheme.size()) return std::nullopt;
  const std::string_view value = field->second;
  const bool is_bearer = std::equal(kScheme.begin(), kScheme.end(), value.begin(),
                                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
  if (!is_bearer) return std::nullopt;
  return value.substr(kScheme.size());
}

void digest_part(Sha256& digest, std::string_view part) {
  std::array<std::uint8_t, 8> length{};
  store_be64(length.data(), part.size());
  digest.update(length);
  digest.update(bytes_of(part));
}

Sha256Digest digest_of(const HttpRequest& request) {
  Sha256 digest;
  digest_part(digest, request.method);
  digest_part(digest, request.path);
  for (const auto& [name, value] : request.query) {
    digest_part(digest, name);
    digest_part(digest, value);
  }
  digest_part(digest, request.body);
  return digest.finish();
}

bool is_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= limits::kIdempotencyKeyBytes &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

Api::Api(ApiParts parts) : parts_(std::move(parts)) {
  parts_.request_counts = [this] { return request_counts(); };
}

HttpResponse Api::refuse(unsigned status, std::string_view why) const {
  return to_response({problem_type_of_status(status), std::string(why), {}});
}

HttpLane Api::lane_of(const HttpRequest& request) {
  const RouteMatch match = match_route(request.method, request.path);
  if (match.route == nullptr) return HttpLane::usual;
  switch (urgency_of(match.route->operation)) {
    case Urgency::vital: return HttpLane::vital;
    case Urgency::ending: return HttpLane::ending;
    case Urgency::usual:
    case Urgency::patient: return HttpLane::usual;
  }
  return HttpLane::usual;
}

HttpResponse Api::handle(const HttpRequest& request) {
  const RouteMatch match = match_route(request.method, request.path);
  HttpResponse response = serve(request, match);
  // What is said here is about calls and people: no cache keeps it, no browser guesses at it.
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  const std::size_t row = match.route == nullptr ? kOperations : static_cast<std::size_t>(match.route->operation);
  const std::size_t column = std::clamp<std::size_t>(response.status / 100, 1, kStatusClasses) - 1;
  counts_.at(row).at(column).fetch_add(1, std::memory_order_relaxed);
  return response;
}

HttpResponse Api::serve(const HttpRequest& request, const RouteMatch& match) {
  if (match.route == nullptr && match.allowed.empty()) {
    return to_response({ProblemType::not_found, "there is nothing at this path: see /openapi.json", {}});
  }
  if (match.route == nullptr) {
    const std::string allowed = joined(match.allowed);
    HttpResponse response = to_response({ProblemType::method_not_allowed, "this path takes " + allowed, {}});
    response.headers.emplace_back("Allow", allowed);
    return response;
  }
  TokenInfo bearer;
  if (match.route->right) {
    const auto token = bearer_token(request);
    const auto found = token ? parts_.tokens.identify(*token) : std::nullopt;
    if (!found) {
      return to_response(
          {ProblemType::unauthenticated, token ? "the token is not known" : "send 'Authorization: Bearer TOKEN'", {}});
    }
    bearer = *found;
    if (!allows(bearer.role, *match.route->right)) {
      const std::string role(name_of(bearer.role));
      return to_response({ProblemType::denied, "a token of the role " + role + " may not do this", {}});
    }
  }
  const auto key = request.headers.find("idempotency-key");
  if (match.route->on_repeat == OnRepeat::run_again || key == request.headers.end()) return run(request, match, bearer);
  if (!is_idempotency_key(key->second)) {
    return to_response(
        {ProblemType::malformed_request, "an Idempotency-Key is 1 to 128 printable ASCII characters", {}});
  }
  const auto response = idempotency_.once({bearer.id, key->second}, digest_of(request), parts_.clock().mono,
                                          [&] { return run(request, match, bearer); });
  if (response) return *response;
  return to_response({ProblemType::idempotency_mismatch, "this Idempotency-Key came with another request before", {}});
}

HttpResponse Api::run(const HttpRequest& request, const RouteMatch& match, const TokenInfo& bearer) {
  if (urgency_of(match.route->operation) == Urgency::patient) {
    if (auto turn = parts_.overload.wait_for_turn(); !turn) return to_response(problem_of(turn.error()));
  }
  const OperationFn operation = kOperationFns.at(static_cast<std::size_t>(match.route->operation));
  Reply reply = operation(parts_, {request, match.parameters, bearer});
  return reply ? *std::move(reply) : to_response(reply.error());
}

RequestCounts Api::request_counts() const {
  RequestCounts counts{};
  for (std::size_t row = 0; row < counts.size(); ++row) {
    for (std::size_t column = 0; column < kStatusClasses; ++column) {
      counts[row][column] = counts_[row][column].load(std::memory_order_relaxed);
    }
  }
  return counts;
}

// ---- what the operations share --------------------------------------------------------------------------------------

HttpResponse json_reply(unsigned status, const nlohmann::ordered_json& body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  return response;
}

std::optional<std::string> QueryReader::text(const std::string& name) {
  known_.push_back(name);
  const auto found = query_.find(name);
  if (found == query_.end()) return std::nullopt;
  if (!found->second.empty() && found->second.size() <= limits::kRefBytes) return found->second;
  note(name, "must be 1 to " + std::to_string(limits::kRefBytes) + " bytes");
  return std::nullopt;
}

std::optional<WallTime> QueryReader::time(const std::string& name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto parsed = parse_rfc3339(*value);
  if (!parsed) note(name, "must be a time such as 2026-11-24T22:59:00Z");
  return parsed;
}

std::optional<std::uint64_t> QueryReader::number(const std::string& name, std::uint64_t least, std::uint64_t most) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto parsed = parse_number<std::uint64_t>(*value);
  if (parsed && *parsed >= least && *parsed <= most) return parsed;
  note(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<Problem> QueryReader::fault() {
  for (const auto& [name, value] : query_) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) note(name, "is not known here");
  }
  if (errors_.empty()) return std::nullopt;
  return Problem{ProblemType::malformed_request,
                 "the query parameter " + errors_.front().pointer + " " + errors_.front().what, errors_};
}

}  // namespace assent
