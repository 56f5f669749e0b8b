// Quantities as people write them in a pipeline file: durations and sizes. A number never stands without its
// unit, with or without a space between them. Pure; any thread. Nothing is returned for text that is not of the form,
// or too large for its type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace assent {

// A whole number and one unit: ms, s, m (minutes), h or d: "250ms", "30s", "5m", "2h", "90d".
std::optional<milliseconds> parse_duration(std::string_view text);
std::string duration_text(milliseconds duration);  // in the largest unit that leaves no fraction

// A whole number and one unit: B, KiB, MiB or GiB: "256MiB".
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string size_text(std::uint64_t bytes);  // exact when it is a round number, else with one decimal: "1.5 MiB"

}  // namespace assent
