// The ledger: reading it, and checking that nothing in it was changed.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/ledger.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const LedgerRow& row) {
  Json body = Json::parse(row.body_json, nullptr, false);
  return {{"seq", row.seq},
          {"at", to_rfc3339(row.at)},
          {"kind", row.kind},
          {"call", row.call ? Json(to_text(*row.call)) : Json(nullptr)},
          {"body", body.is_discarded() ? Json(nullptr) : std::move(body)},
          {"hash", to_hex(row.hash)}};
}

Json json_of(const LedgerReport& report) {
  const auto last = report.last_checkpoint;
  return {
      {"intact", true},
      {"records", report.head.seq},
      {"head", to_text(report.head)},
      {"end", report.end == LedgerReport::End::proven ? "proven" : "unproven"},
      {"checkpoints", report.checkpoints},
      {"last_checkpoint",
       last ? Json{{"seq", *last}, {"at", to_rfc3339(report.last_checkpoint_at.value_or(WallTime{}))}} : Json(nullptr)},
      {"public_key", report.public_key ? Json(to_hex(*report.public_key)) : Json(nullptr)}};
}

}  // namespace

Reply list_ledger(ApiParts& parts, const ApiRequest& request) {
  QueryReader query(request.http);
  LedgerFilter filter;
  filter.call = query.id<CallId>("call");
  filter.subject = query.id<SubjectId>("subject");
  filter.after_seq = query.number("after", 0, INT64_MAX).value_or(0);
  filter.limit = query.number("limit", 1, limits::kPageRows).value_or(limits::kPageRows);
  if (auto fault = query.fault()) return *std::move(fault);
  auto rows = parts.catalog.ledger(filter);
  if (!rows) return problem_of(rows.error());
  Json entries = Json::array();
  for (const LedgerRow& row : *rows) entries.push_back(json_of(row));
  const bool may_be_more = rows->size() >= filter.limit;
  return json_reply(200,
                    {{"entries", std::move(entries)}, {"after", may_be_more ? Json(rows->back().seq) : Json(nullptr)}});
}

// A broken chain is an answer, not a failure to answer.
Reply verify_ledger(ApiParts& parts, const ApiRequest& request) {
  QueryReader query(request.http);
  const auto text = query.text("expect_head");
  const auto noted = parse_ledger_head(text.value_or(""));
  if (text && !noted) query.note("expect_head", "must be a head that was noted: its number, a colon, 64 hex digits");
  if (auto fault = query.fault()) return *std::move(fault);
  const auto verified = parts.catalog.verify_ledger(noted);
  if (verified) return json_reply(200, json_of(*verified));
  if (verified.error().code != Errc::corrupt) return problem_of(verified.error());
  return json_reply(200, {{"intact", false}, {"fault", verified.error().what}});
}

}  // namespace assent
