// Policy: whose consent opens a leg, as one pure function.
//
// The live gate asks it for every leg, and a reader asks it later ("may this purpose hear this leg?"), so it takes
// plain data and knows neither gates nor time. Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "engine/consent/purpose_set.h"

namespace assent {

enum class Policy {
  all_party,  // "all-party": what everybody has granted
  per_party,  // "per-party": what the leg's own participant has granted
  one_party,  // "one-party": what anybody has granted, less what the leg's own participant has refused
};

std::string_view to_text(Policy policy);
std::optional<Policy> parse_policy(std::string_view text);

// What one participant says now. The sets are disjoint; a purpose in neither is pending or expired.
struct ConsentView {
  PurposeSet granted;
  PurposeSet refused;  // denied or withdrawn, and not granted again since
};

// The purposes for which the leg of participant `own` (an index into `everyone`) may be recorded and heard. The leg is
// open iff the set is not empty. With nobody there, or an `own` that is not there, it is empty.
PurposeSet satisfied_purposes(Policy policy, std::span<const ConsentView> everyone, std::size_t own);

}  // namespace assent
