// The registers of notices and purposes in JSON.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const NoticeRow& row) {
  return {{"id", row.id},
          {"version", row.version},
          {"language", row.language},
          {"text", row.text},
          {"hash", to_hex(row.hash)},
          {"origin", row.origin},
          {"created", to_rfc3339(row.at)}};
}

Json json_of(const PurposeView& view) {
  const PurposeRow& row = view.row;
  return {{"id", row.id},
          {"version", row.version},
          {"description", row.description},
          {"lawful_basis", row.lawful_basis},
          {"retention_hours", row.retention_hours ? Json(*row.retention_hours) : Json(nullptr)},
          {"processors", view.processors},
          {"in_use", view.in_use},
          {"origin", row.origin},
          {"created", to_rfc3339(row.at)}};
}

Reply notices_reply(ApiParts& parts, const NoticeFilter& filter) {
  auto rows = parts.registers.notices(filter);
  if (!rows) return problem_of(rows.error());
  Json list = Json::array();
  for (const NoticeRow& row : *rows) list.push_back(json_of(row));
  return json_reply(200, {{"notices", std::move(list)}});
}

}  // namespace

Reply add_notice(ApiParts& parts, const ApiRequest& request) {
  auto spec = read_notice_spec(request.http.body);
  if (!spec) return spec.error();
  auto added = parts.registers.add(*spec, {request.bearer.id});
  if (!added) return problem_of(added.error());
  return json_reply(added->is_new ? 201 : 200, json_of(added->view));
}

Reply list_notices(ApiParts& parts, const ApiRequest& request) {
  QueryReader query(request.http);
  NoticeFilter filter{query.text("id"), query.text("version"), query.text("language"), std::nullopt};
  if (const auto text = query.text("hash")) {
    filter.hash = from_hex(*text);
    if (!filter.hash) query.note("hash", "must be hexadecimal");
  }
  if (auto fault = query.fault()) return *std::move(fault);
  return notices_reply(parts, filter);
}

// All languages of one version, or 404.
Reply show_notice(ApiParts& parts, const ApiRequest& request) {
  QueryReader query(request.http);
  const NoticeFilter filter{request.parameters.at(0), request.parameters.at(1), query.text("language"), std::nullopt};
  if (auto fault = query.fault()) return *std::move(fault);
  auto rows = parts.registers.notices(filter);
  if (!rows) return problem_of(rows.error());
  if (rows->empty()) return Problem{ProblemType::not_found, "there is no such notice on record", {}};
  return notices_reply(parts, filter);
}

Reply add_purpose(ApiParts& parts, const ApiRequest& request) {
  auto spec = read_purpose_spec(request.http.body);
  if (!spec) return spec.error();
  auto added = parts.registers.add(*spec, {request.bearer.id});
  if (!added) return problem_of(added.error());
  return json_reply(added->is_new ? 201 : 200, json_of(added->view));
}

Reply list_purposes(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  auto views = parts.registers.purposes();
  if (!views) return problem_of(views.error());
  Json list = Json::array();
  for (const PurposeView& view : *views) list.push_back(json_of(view));
  return json_reply(200, {{"purposes", std::move(list)}});
}

}  // namespace assent
