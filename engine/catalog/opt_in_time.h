// How long somebody took to say yes: from when they joined, which their id tells, to the first grant of theirs,
// whatever it is for; nothing when they never did. Pure; any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>

#include "base/ids.h"
#include "base/time.h"
#include "engine/catalog/catalog_rows.h"

namespace assent {

// `consents` is oldest first; others' are passed over.
inline std::optional<milliseconds> opt_in_time(ParticipantId participant, std::span<const ConsentRow> consents) {
  for (const ConsentRow& row : consents) {
    if (row.participant != participant || row.decision != "granted") continue;
    return std::max(milliseconds(0), std::chrono::floor<milliseconds>(row.at - made_at(participant)));
  }
  return std::nullopt;
}

}  // namespace assent
