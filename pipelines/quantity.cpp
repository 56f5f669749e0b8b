#include "pipelines/quantity.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace assent {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first, so that a text form takes the first that divides.
constexpr std::array<Unit, 5> kTimeUnits = {{{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizeUnits = {{{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};

// Milliseconds are turned into nanoseconds in many places; a century is far above every bound and far below overflow.
constexpr std::uint64_t kMostMilliseconds = 100ULL * 366 * 86400 * 1000;
constexpr std::uint64_t kMostBytes = 1ULL << 62;

template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, N>& units,
                                             std::uint64_t most) {
  std::uint64_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc{}) return std::nullopt;
  std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  if (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  for (const auto& unit : units) {
    if (unit.name != name) continue;
    if (count > most / unit.factor) return std::nullopt;
    return count * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  const auto count = parse_with_unit(text, kTimeUnits, kMostMilliseconds);
  if (!count) return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(*count));
}

std::string duration_text(milliseconds duration) {
  const auto count = duration.count();
  if (count == 0) return "0s";
  for (const auto& unit : kTimeUnits) {
    const auto factor = static_cast<milliseconds::rep>(unit.factor);
    if (count % factor == 0) return std::to_string(count / factor) + std::string(unit.name);
  }
  return std::to_string(count) + "ms";
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse_with_unit(text, kSizeUnits, kMostBytes); }

std::string size_text(std::uint64_t bytes) {
  for (const auto& unit : kSizeUnits) {
    if (bytes < unit.factor) continue;
    if (bytes % unit.factor == 0) return std::to_string(bytes / unit.factor) + " " + std::string(unit.name);
    char text[40];
    const double count = static_cast<double>(bytes) / static_cast<double>(unit.factor);
    std::snprintf(text, sizeof text, "%.1f %s", count, unit.name.data());
    return text;
  }
  return "0 B";
}

}  // namespace assent
