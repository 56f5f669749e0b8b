#include "base/time.h"

#include <ctime>

#include <array>
#include <cstdio>

namespace assent {
namespace {

nanoseconds clock_value(clockid_t clock) {
  timespec ts{};
  clock_gettime(clock, &ts);
  return seconds(ts.tv_sec) + nanoseconds(ts.tv_nsec);
}

std::tm broken_down(WallTime time) {
  const std::time_t whole = std::chrono::floor<seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&whole, &parts);
  return parts;
}

// Reads exactly `digits` decimal digits at `at`, or nothing.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "Z", "+02:00" or "-05:30" as an offset to subtract.
std::optional<seconds> offset_of(std::string_view zone) {
  if (zone == "Z" || zone == "z") return seconds(0);
  if (zone.size() != 6 || zone[3] != ':' || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  const auto hours = number_at(zone, 1, 2);
  const auto minutes = number_at(zone, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const seconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return zone[0] == '-' ? -offset : offset;
}

}  // namespace

MonoTime read_mono() { return MonoTime(clock_value(CLOCK_MONOTONIC)); }

Now read_clocks() { return {read_mono(), WallTime(clock_value(CLOCK_REALTIME))}; }

std::string to_rfc3339(WallTime time) {
  const std::tm parts = broken_down(time);
  const auto ms = std::chrono::floor<milliseconds>(time).time_since_epoch().count() % 1000;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(ms));
  return text.data();
}

// Nanoseconds since 1970 in 64 bits reach from 1677 to 2262; of these, the years that are whole.
constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2);
  const auto minute = number_at(text, 14, 2);
  const auto second = number_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*year < kFirstYear || *year > kLastYear) return std::nullopt;
  const auto date = std::chrono::year(*year) / std::chrono::month(static_cast<unsigned>(*month)) /
                    std::chrono::day(static_cast<unsigned>(*day));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

  std::size_t at = 19;
  nanoseconds fraction{0};
  if (text[at] == '.') {
    nanoseconds unit = 100ms;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      fraction += unit * (text[at] - '0');
    }
  }
  const auto offset = offset_of(text.substr(at));
  if (!offset) return std::nullopt;
  return WallTime(std::chrono::sys_days(date).time_since_epoch()) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + seconds(*second) + fraction - *offset;
}

std::string utc_day(WallTime time) { return to_rfc3339(time).substr(0, 10); }

}  // namespace assent
