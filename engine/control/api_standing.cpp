// Consents on file in JSON.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<WallTime>& time) { return time ? Json(to_rfc3339(*time)) : Json(nullptr); }

Json json_of(const StandingView& view) {
  const StandingConsentRow& row = view.row;
  return {{"id", to_text(row.id)},
          {"subject", to_text(row.subject)},
          {"state", view.state},
          {"purposes", view.purposes},
          {"from", to_rfc3339(row.from)},
          {"until", or_null(row.until)},
          {"notice", row.notice_json.empty() ? Json(nullptr) : Json::parse(row.notice_json, nullptr, false)},
          {"evidence", view.evidence ? Json(*view.evidence) : Json(nullptr)},
          {"origin", row.origin},
          {"created", to_rfc3339(row.created)},
          {"withdrawn", or_null(row.withdrawn)}};
}

Result<PersonName, Problem> person_of(const ApiRequest& request) {
  QueryReader query(request.http);
  PersonName person{request.parameters.at(0), query.text("tenant")};
  if (auto fault = query.fault()) return *std::move(fault);
  return person;
}

}  // namespace

Reply add_standing_consent(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  const std::string& person = request.parameters.at(0);
  if (person.size() > limits::kRefBytes) {
    return Problem{ProblemType::malformed_request, "the reference in the path is longer than 256 bytes", {}};
  }
  auto spec = read_standing_spec(request.http.body);
  if (!spec) return spec.error();
  auto view = parts.standing.add(person, *spec, {request.bearer.id});
  if (!view) return problem_of(view.error());
  return json_reply(201, json_of(*view));
}

Reply list_standing_consents(ApiParts& parts, const ApiRequest& request) {
  const auto person = person_of(request);
  if (!person) return person.error();
  auto views = parts.standing.list(*person);
  if (!views) return problem_of(views.error());
  Json list = Json::array();
  for (const StandingView& view : *views) list.push_back(json_of(view));
  return json_reply(200, {{"standing_consents", std::move(list)}});
}

Reply withdraw_standing_consent(ApiParts& parts, const ApiRequest& request) {
  const auto person = person_of(request);
  if (!person) return person.error();
  const auto id = parse_id<StandingId>(request.parameters.at(1));
  if (!id) return Problem{ProblemType::malformed_request, "the id of the consent in the path is not a UUID", {}};
  auto view = parts.standing.withdraw(*person, *id, {request.bearer.id});
  if (!view) return problem_of(view.error());
  return json_reply(200, json_of(*view));
}

}  // namespace assent
