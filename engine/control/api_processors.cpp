// Processors in JSON: what is open with them, another try, an end to the waiting, and their confirmations.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(const std::optional<WallTime>& time) { return time ? Json(to_rfc3339(*time)) : Json(nullptr); }

Json json_of(const DeliveryRow& row) {
  Json json = {{"event", to_text(row.event)},        {"kind", row.kind},
               {"created", to_rfc3339(row.created)}, {"attempts", row.attempts},
               {"tried", time_or_null(row.tried)},   {"last_error", row.last_error}};
  if (row.erasure) json["erasure"] = to_text(*row.erasure);
  return json;
}

Json json_of(const ProcessorView& view) {
  Json dead = Json::array();
  for (const DeliveryRow& row : view.dead_letters) dead.push_back(json_of(row));
  Json last = nullptr;
  if (view.last_failed) last = {{"at", time_or_null(view.last_failed->tried)}, {"what", view.last_failed->last_error}};
  return {{"name", view.row.name},
          {"host", view.row.host},
          {"purposes", Json::parse(view.row.purposes_json, nullptr, false)},
          {"since", to_rfc3339(view.row.since)},
          {"removed", time_or_null(view.row.removed)},
          {"pending", view.pending},
          {"accepted", view.accepted},
          {"dead", view.dead},
          {"oldest", time_or_null(view.oldest)},
          {"last_error", std::move(last)},
          {"dead_letters", std::move(dead)}};
}

Reply reply_of(const Result<ProcessorView>& view) {
  if (!view) return problem_of(view.error());
  return json_reply(200, json_of(*view));
}

}  // namespace

Reply list_processors(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  const auto views = parts.processors.list();
  if (!views) return problem_of(views.error());
  Json list = Json::array();
  for (const ProcessorView& view : *views) list.push_back(json_of(view));
  return json_reply(200, {{"processors", std::move(list)}});
}

Reply retry_processor(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  return reply_of(parts.processors.retry(request.parameters.at(0)));
}

Reply waive_processor(ApiParts& parts, const ApiRequest& request) {
  const auto spec = read_waive_spec(request.http.body);
  if (!spec) return spec.error();
  return reply_of(parts.processors.waive(request.parameters.at(0), *spec, {request.bearer.id}));
}

Reply confirm_erasure(ApiParts& parts, const ApiRequest& request) {
  const std::string& name = request.parameters.at(0);
  const auto signal = parts.processors.verify(name, request.http);
  if (!signal) return signal.error();
  const auto spec = read_confirmation_spec(request.http.body);
  if (!spec) return spec.error();
  const auto row = parts.processors.confirm(name, spec->event);
  if (!row) return problem_of(row.error());
  return json_reply(200, {{"processor", row->processor},
                          {"event", to_text(row->event)},
                          {"erasure", row->erasure ? Json(to_text(*row->erasure)) : Json(nullptr)},
                          {"state", name_of(row->state)},
                          {"at", time_or_null(row->settled)}});
}

}  // namespace assent
