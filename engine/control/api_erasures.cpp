// Erasures in JSON: of a recording, of a person, of a tenant, of an epoch's keys; and how far each is.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const ErasureView& erasure) {
  Json steps = Json::array();
  for (const ErasureStep& step : erasure.steps) {
    steps.push_back({{"step", step.step}, {"at", to_rfc3339(step.at)}, {"what", step.what}});
  }
  return {{"id", to_text(erasure.id)},
          {erasure.target_kind, erasure.target_id},
          {"state", erasure.done   ? "done"
                    : erasure.held ? "held"
                                   : "incomplete"},
          {"requested", to_rfc3339(erasure.requested)},
          {"done", erasure.done ? Json(to_rfc3339(*erasure.done)) : Json(nullptr)},
          {"steps", std::move(steps)}};
}

// Every processor that was told of it, and what is open there.
Json processors_of(ApiParts& parts, const ErasureView& erasure) {
  Json list = Json::array();
  const auto told = parts.catalog.deliveries_of(erasure.id);
  const auto known = parts.catalog.processors();
  if (!told || !known) return list;
  for (const DeliveryRow& row : *told) {
    const auto who =
        std::find_if(known->begin(), known->end(), [&](const auto& one) { return one.name == row.processor; });
    Json one = {{"name", row.processor},
                {"state", name_of(row.state)},
                {"since", to_rfc3339(row.created)},
                {"attempts", row.attempts}};
    if (row.state == DeliveryState::confirmed) one["confirmed"] = to_rfc3339(row.settled.value_or(row.created));
    if (row.state == DeliveryState::waived) one["waived"] = row.last_error;
    if (!is_settled(row.state)) one["trouble"] = trouble_of(row, who == known->end() ? nullptr : &*who);
    list.push_back(std::move(one));
  }
  return list;
}

// With its receipt when it is done, and only then; or why there is none.
Json json_with_receipt(ApiParts& parts, const ErasureView& erasure) {
  Json json = json_of(erasure);
  json["processors"] = processors_of(parts, erasure);
  if (!erasure.done) return json;
  const auto receipt = parts.receipts.of_erasure(erasure.id);
  if (receipt) {
    json["receipt"] = {{"kind", "erasure"},
                       {"id", to_text(receipt->id)},
                       {"receipt", Json::parse(receipt->json)},
                       {"jws", receipt->jws}};
  } else {
    json["no_receipt"] = receipt.error().what;
  }
  return json;
}

// What was asked is done in that nothing can be read any more; the rest takes its time.
Reply begun(const Result<ErasureView>& erasure) {
  if (!erasure) return problem_of(erasure.error());
  return json_reply(202, json_of(*erasure));
}

}  // namespace

Reply delete_recording(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<RecordingId>(request);
  if (!id) return id.error();
  auto erasure = parts.erasures.erase_recording(*id, {request.bearer.id});
  if (!erasure) return problem_of(erasure.error());
  if (erasure->done) return json_reply(200, json_with_receipt(parts, *erasure));
  // A legal hold covers it, or processors have to confirm.
  if (erasure->held || !erasure->trouble) return json_reply(202, json_with_receipt(parts, *erasure));
  return Problem{ProblemType::erasure_incomplete,
                 "the keys are destroyed, so nobody can hear the recording, but erasure " + to_text(erasure->id) +
                     " is not done: " + erasure->trouble.value_or("a step failed") +
                     "; it goes on when this is asked again, and when the engine starts",
                 {}};
}

Reply erase_subject(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  const std::string& person = request.parameters.at(0);
  if (person.size() > limits::kRefBytes) {
    return Problem{ProblemType::malformed_request, "the reference in the path is longer than 256 bytes", {}};
  }
  auto spec = read_erasure_spec(request.http.body);
  if (!spec) return spec.error();
  return begun(parts.person_erasures.erase_subject({person, spec->tenant}, {request.bearer.id}));
}

Reply delete_tenant(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  return begun(parts.person_erasures.erase_tenant(request.parameters.at(0), {request.bearer.id}));
}

Reply show_keys(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  const auto status = parts.key_rotation.status();
  if (!status) return problem_of(status.error());
  Json epochs = Json::array();
  for (const KeyId epoch : status->epochs) {
    epochs.push_back({{"id", to_text(epoch)}, {"since", to_rfc3339(made_at(epoch))}});
  }
  const auto oldest = status->epochs.empty() ? Json(nullptr) : epochs.front()["since"];
  return json_reply(200, {{"root", {{"provider", status->root}, {"id", to_text(status->root_id)}}},
                          {"epochs", std::move(epochs)},
                          {"oldest_epoch_since", oldest},
                          {"keys", status->keys},
                          {"rotation", status->rotation ? json_of(*status->rotation) : Json(nullptr)},
                          {"rotated_every_seconds",
                           status->rotated_every
                               ? Json(std::chrono::duration_cast<std::chrono::seconds>(*status->rotated_every).count())
                               : Json(nullptr)}});
}

Reply rotate_keys(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  return begun(parts.key_rotation.rotate({request.bearer.id}));
}

Reply show_erasure(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<ErasureId>(request);
  if (!id) return id.error();
  auto erasure = parts.erasures.show(*id);
  if (!erasure) return problem_of(erasure.error());
  return json_reply(200, json_with_receipt(parts, *erasure));
}

}  // namespace assent
