// A hold in words, as a step of what waits for it says it. Pure; any thread.
#pragma once

#include <string>

#include "engine/catalog/catalog_rows.h"

namespace assent {

inline constexpr std::string_view kEndedByTime = "time";

// "held by hold ID on a call, until ...: REASON"
inline std::string hold_text(const HoldRow& hold) {
  return "held by hold " + to_text(hold.id) + " on a " + std::string(name_of(hold.target)) + ", " +
         (hold.until ? "until " + to_rfc3339(*hold.until) : "until it is released") + ": " + hold.reason;
}

}  // namespace assent
