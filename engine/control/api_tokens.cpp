// The API's own tokens: made here, shown once.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {

using Json = nlohmann::ordered_json;

Reply add_token(ApiParts& parts, const ApiRequest& request) {
  auto spec = read_token_spec(request.http.body);
  if (!spec) return spec.error();
  const WallTime now = parts.clock().wall;
  auto token = parts.tokens.add(spec->id, spec->role, now);
  if (!token) return problem_of(token.error());
  return json_reply(201,
                    {{"id", spec->id}, {"role", name_of(spec->role)}, {"created", to_rfc3339(now)}, {"token", *token}});
}

Reply list_tokens(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  Json list = Json::array();
  for (const TokenInfo& token : parts.tokens.list()) {
    list.push_back({{"id", token.id}, {"role", name_of(token.role)}, {"created", to_rfc3339(token.created)}});
  }
  return json_reply(200, {{"tokens", std::move(list)}});
}

Reply delete_token(ApiParts& parts, const ApiRequest& request) {
  const std::string& id = request.parameters.at(0);
  if (!is_token_id(id)) return Problem{ProblemType::malformed_request, "the id in the path is not one of a token", {}};
  if (auto removed = parts.tokens.remove(id); !removed) return problem_of(removed.error());
  return json_reply(200, {{"id", id}, {"deleted", true}});
}

}  // namespace assent
