// Receipts in JSON, and the key that they are signed with.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const SignedReceipt& receipt) {
  return {{"kind", name_of(receipt.kind)},
          {"subject", to_text(receipt.subject)},
          {"call", to_text(receipt.call)},
          {"consent", receipt.consent ? Json(to_text(*receipt.consent)) : Json(nullptr)},
          {"receipt", Json::parse(receipt.json)},
          {"jws", receipt.jws}};
}

Reply reply_with(const Result<std::vector<SignedReceipt>>& receipts) {
  if (!receipts) return problem_of(receipts.error());
  Json list = Json::array();
  for (const SignedReceipt& receipt : *receipts) list.push_back(json_of(receipt));
  return json_reply(200, {{"receipts", std::move(list)}});
}

}  // namespace

Reply show_call_receipts(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<CallId>(request);
  if (!id) return id.error();
  return reply_with(parts.receipts.of_call(*id));
}

Reply show_subject_receipts(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<SubjectId>(request);
  if (!id) return id.error();
  return reply_with(parts.receipts.of_subject(*id));
}

Reply show_receipt_keys(ApiParts& parts, const ApiRequest&) {
  auto keys = parts.receipts.key_set();
  if (!keys) return problem_of(keys.error());
  HttpResponse response;
  response.status = 200;
  response.content_type = "application/jwk-set+json";
  response.body = *std::move(keys) + "\n";
  return response;
}

}  // namespace assent
