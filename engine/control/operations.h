// Operations: what each route does, one function each, in the api_*.cpp files. A function reads the request, asks the
// domain, and shapes the answer as JSON; that the caller may, and that a repetition runs once, has been seen to before
// (api.cpp). Any worker thread.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "engine/control/api.h"
#include "engine/control/http_message.h"
#include "engine/control/problem.h"
#include "engine/control/tokens.h"

namespace assent {

struct ApiRequest {
  const HttpRequest& http;
  const std::vector<std::string>& parameters;  // of the route
  const TokenInfo& bearer;                     // empty on routes open to everyone
};

using Reply = Result<HttpResponse, Problem>;
using OperationFn = Reply (*)(ApiParts& parts, const ApiRequest& request);

Reply create_call(ApiParts& parts, const ApiRequest& request);
Reply list_calls(ApiParts& parts, const ApiRequest& request);
Reply show_call(ApiParts& parts, const ApiRequest& request);
Reply end_call(ApiParts& parts, const ApiRequest& request);
Reply record_consent(ApiParts& parts, const ApiRequest& request);
Reply receive_signal(ApiParts& parts, const ApiRequest& request);
Reply pause_call(ApiParts& parts, const ApiRequest& request);
Reply resume_call(ApiParts& parts, const ApiRequest& request);
Reply change_legs(ApiParts& parts, const ApiRequest& request);
Reply add_note(ApiParts& parts, const ApiRequest& request);

Reply list_recordings(ApiParts& parts, const ApiRequest& request);
Reply show_recording(ApiParts& parts, const ApiRequest& request);
Reply erase_note(ApiParts& parts, const ApiRequest& request);
Reply erase_metrics(ApiParts& parts, const ApiRequest& request);
Reply play_recording(ApiParts& parts, const ApiRequest& request);
Reply draw_recording(ApiParts& parts, const ApiRequest& request);
Reply delete_recording(ApiParts& parts, const ApiRequest& request);
Reply record_key_export(ApiParts& parts, const ApiRequest& request);
Reply erase_subject(ApiParts& parts, const ApiRequest& request);
Reply delete_tenant(ApiParts& parts, const ApiRequest& request);
Reply show_erasure(ApiParts& parts, const ApiRequest& request);

Reply place_hold(ApiParts& parts, const ApiRequest& request);
Reply list_holds(ApiParts& parts, const ApiRequest& request);
Reply release_hold(ApiParts& parts, const ApiRequest& request);

Reply export_subject(ApiParts& parts, const ApiRequest& request);
Reply show_export(ApiParts& parts, const ApiRequest& request);
Reply download_export(ApiParts& parts, const ApiRequest& request);
Reply delete_export(ApiParts& parts, const ApiRequest& request);
Reply show_keys(ApiParts& parts, const ApiRequest& request);
Reply rotate_keys(ApiParts& parts, const ApiRequest& request);

Reply list_ledger(ApiParts& parts, const ApiRequest& request);
Reply verify_ledger(ApiParts& parts, const ApiRequest& request);

Reply show_call_receipts(ApiParts& parts, const ApiRequest& request);
Reply show_subject_receipts(ApiParts& parts, const ApiRequest& request);
Reply show_receipt_keys(ApiParts& parts, const ApiRequest& request);

Reply withdraw_subject(ApiParts& parts, const ApiRequest& request);
// The part of record_consent that takes back.
Reply withdraw_in_call(ApiParts& parts, const ApiRequest& request, CallId id, const ConsentSpec& spec);

Reply add_standing_consent(ApiParts& parts, const ApiRequest& request);
Reply list_standing_consents(ApiParts& parts, const ApiRequest& request);
Reply withdraw_standing_consent(ApiParts& parts, const ApiRequest& request);

Reply add_notice(ApiParts& parts, const ApiRequest& request);
Reply list_notices(ApiParts& parts, const ApiRequest& request);
Reply show_notice(ApiParts& parts, const ApiRequest& request);
Reply add_purpose(ApiParts& parts, const ApiRequest& request);
Reply list_purposes(ApiParts& parts, const ApiRequest& request);

Reply list_processors(ApiParts& parts, const ApiRequest& request);
Reply retry_processor(ApiParts& parts, const ApiRequest& request);
Reply waive_processor(ApiParts& parts, const ApiRequest& request);
Reply confirm_erasure(ApiParts& parts, const ApiRequest& request);

Reply add_token(ApiParts& parts, const ApiRequest& request);
Reply list_tokens(ApiParts& parts, const ApiRequest& request);
Reply delete_token(ApiParts& parts, const ApiRequest& request);

Reply show_metrics(ApiParts& parts, const ApiRequest& request);
Reply show_health(ApiParts& parts, const ApiRequest& request);
Reply show_readiness(ApiParts& parts, const ApiRequest& request);
Reply show_openapi(ApiParts& parts, const ApiRequest& request);

// ---- what they share ----------------------------------------------------------------------------------------------

HttpResponse json_reply(unsigned status, const nlohmann::ordered_json& body);
// What a decision put on record.
HttpResponse consent_reply(const std::vector<ConsentRecordView>& records);

// The path's id, or why it is none (400).
template <typename IdType>
Result<IdType, Problem> id_parameter(const ApiRequest& request) {
  if (const auto id = parse_id<IdType>(request.parameters.at(0))) return *id;
  return Problem{ProblemType::malformed_request, "the id in the path is not a UUID", {}};
}

// Reads query parameters one by one; `fault` lists what was wrong, an unknown name included. One thread.
class QueryReader {
 public:
  explicit QueryReader(const HttpRequest& request) : query_(request.query) {}

  std::optional<std::string> text(const std::string& name);
  std::optional<WallTime> time(const std::string& name);
  std::optional<std::uint64_t> number(const std::string& name, std::uint64_t least, std::uint64_t most);
  template <typename IdType>
  std::optional<IdType> id(const std::string& name) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    const auto parsed = parse_id<IdType>(*value);
    if (!parsed) note(name, "must be a UUID");
    return parsed;
  }
  void note(const std::string& name, std::string what) { errors_.push_back({name, std::move(what)}); }

  std::optional<Problem> fault();  // after the last parameter

 private:
  const std::map<std::string, std::string>& query_;
  std::vector<std::string> known_;
  std::vector<FieldError> errors_;
};

}  // namespace assent
