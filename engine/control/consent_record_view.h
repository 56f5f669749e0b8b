// A consent record as the API shows it, from its row: of a live call and of one that is over alike. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/catalog/catalog.h"
#include "engine/control/call_service.h"

namespace assent {

// `participant`: their ref in the call. `said`: as ConsentRecordView has it.
inline ConsentRecordView consent_record_view(const ConsentRow& row, std::string participant,
                                             std::optional<std::string> said) {
  ConsentRecordView view{row.id,          row.call,        std::move(participant), row.purpose, row.decision,
                         row.signal_type, std::move(said), std::nullopt,           row.at,      row.valid_until};
  const auto notice = nlohmann::json::parse(row.notice_json, nullptr, false);
  if (notice.is_object()) {
    view.notice = Notice{notice.value("id", ""), notice.value("version", ""), notice.value("language", ""),
                         notice.value("hash", "")};
  }
  return view;
}

}  // namespace assent
