// Withdrawals in JSON: of a person, everywhere; and in one call, live or over.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/consent/consent_state.h"
#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const CallWithdrawal& call) {
  Json records = Json::array();
  for (const ConsentRecordView& record : call.records) {
    records.push_back({{"id", to_text(record.id)},
                       {"participant", record.participant},
                       {"purpose", record.purpose},
                       {"decision", record.decision}});
  }
  return {{"call", to_text(call.call)},
          {"state", name_of(call.state)},
          {"records", std::move(records)},
          {"erasure", call.erasure ? Json(to_text(*call.erasure)) : Json(nullptr)}};
}

WithdrawalSpec withdrawal_of(const ConsentSpec& spec) {
  return {std::nullopt, spec.purposes, spec.signal_type, spec.signal_value, spec.notice};
}

}  // namespace

Reply withdraw_in_call(ApiParts& parts, const ApiRequest& request, CallId id, const ConsentSpec& spec) {
  const Caller caller{request.bearer.id, request.http.received_at};
  const bool of_all = spec.participant.empty();
  auto records =
      of_all ? parts.withdrawals.of_live_call(id, withdrawal_of(spec), caller) : parts.calls.decide(id, spec, caller);
  if (records) {
    parts.withdrawals.review_streams(id);
    return consent_reply(*records);
  }
  if (records.error().code != Errc::not_found) return problem_of(records.error());
  if (!allows(request.bearer.role, Right::withdraw)) {
    return Problem{ProblemType::denied,
                   "no such call is in progress, and in one that is over only a supervisor or admin withdraws",
                   {}};
  }
  const auto participant = of_all ? std::optional<std::string>() : std::optional(spec.participant);
  records = parts.withdrawals.of_past_call(id, participant, withdrawal_of(spec), caller);
  if (!records) return problem_of(records.error());
  return consent_reply(*records);
}

Reply withdraw_subject(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  const std::string& person = request.parameters.at(0);
  if (person.size() > limits::kRefBytes) {
    return Problem{ProblemType::malformed_request, "the reference in the path is longer than 256 bytes", {}};
  }
  auto spec = read_withdrawal_spec(request.http.body);
  if (!spec) return spec.error();
  const auto withdrawal = parts.withdrawals.of_subject(person, *spec, {request.bearer.id, request.http.received_at});
  if (!withdrawal) return problem_of(withdrawal.error());
  Json standing = Json::array();
  for (const StandingId id : withdrawal->standing) standing.push_back(to_text(id));
  Json calls = Json::array();
  for (const CallWithdrawal& call : withdrawal->calls) calls.push_back(json_of(call));
  return json_reply(200, {{"subject", to_text(withdrawal->subject)},
                          {"standing_consents", std::move(standing)},
                          {"calls", std::move(calls)}});
}

}  // namespace assent
