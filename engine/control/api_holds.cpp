// Legal holds in JSON.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/hold_text.h"
#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<WallTime>& time) { return time ? Json(to_rfc3339(*time)) : Json(nullptr); }

std::string_view state_of(const HoldRow& row) {
  if (!row.ended) return "standing";
  return row.ended_by == kEndedByTime ? "ended" : "released";
}

Json json_of(const HoldView& view) {
  const HoldRow& row = view.row;
  Json waiting = Json::array();
  for (const ErasureId id : view.waiting) waiting.push_back(to_text(id));
  return {{"id", to_text(row.id)},
          {"on", name_of(row.target)},
          {std::string(name_of(row.target)), detail::uuid_text(row.target_id)},
          {"state", state_of(row)},
          {"reason", row.reason},
          {"by", row.by},
          {"placed", to_rfc3339(row.placed)},
          {"until", or_null(row.until)},
          {"ended", or_null(row.ended)},
          {"ended_by", row.ended ? Json(row.ended_by) : Json(nullptr)},
          {"ended_reason", row.ended && !row.ended_reason.empty() ? Json(row.ended_reason) : Json(nullptr)},
          {"waiting", std::move(waiting)}};
}

}  // namespace

Reply place_hold(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  auto spec = read_hold_spec(request.http.body);
  if (!spec) return spec.error();
  auto view = parts.holds.place(*spec, {request.bearer.id});
  if (!view) return problem_of(view.error());
  return json_reply(201, json_of(*view));
}

Reply list_holds(ApiParts& parts, const ApiRequest& request) {
  QueryReader query(request.http);
  HoldFilter filter;
  const std::string state = query.text("state").value_or("standing");
  if (state == "ended") filter.which = HoldFilter::Which::ended;
  if (state != "standing" && state != "ended") query.note("state", "must be standing or ended");
  filter.after = query.id<HoldId>("cursor");
  filter.limit = query.number("limit", 1, limits::kPageRows).value_or(limits::kPageRows);
  if (auto fault = query.fault()) return *std::move(fault);
  auto views = parts.holds.list(filter);
  if (!views) return problem_of(views.error());
  Json list = Json::array();
  for (const HoldView& view : *views) list.push_back(json_of(view));
  const bool is_full = views->size() >= filter.limit;
  return json_reply(
      200, {{"holds", std::move(list)}, {"cursor", is_full ? Json(to_text(views->back().row.id)) : Json(nullptr)}});
}

Reply release_hold(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<HoldId>(request);
  if (!id) return id.error();
  QueryReader query(request.http);
  const auto reason = query.text("reason");
  if (!reason && !request.http.query.contains("reason"))
    query.note("reason", "says why it is released, for the record");
  if (auto fault = query.fault()) return *std::move(fault);
  auto view = parts.holds.release(*id, *reason, {request.bearer.id});
  if (!view) return problem_of(view.error());
  return json_reply(200, json_of(*view));
}

}  // namespace assent
