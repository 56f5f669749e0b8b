// Time: three clocks that must not be mixed up, and the source the edges read them from.
//
// WallTime is what people and law read (CLOCK_REALTIME; may jump). MonoTime orders what happens here (CLOCK_MONOTONIC;
// stops while the machine sleeps). Pure cores receive both as `Now` and never read a clock themselves, so tests run in
// virtual time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assent {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

using WallTime = std::chrono::sys_time<nanoseconds>;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, nanoseconds>;

struct Now {
  MonoTime mono;
  WallTime wall;
};

Now read_clocks();
MonoTime read_mono();  // where the wall clock is not asked for: deadlines, and how long something took

// RFC 3339 in UTC with milliseconds: "2026-11-24T22:59:00.123Z".
std::string to_rfc3339(WallTime time);
std::optional<WallTime> parse_rfc3339(std::string_view text);  // UTC ("Z") or a numeric offset; 1678 to 2261
std::string utc_day(WallTime time);                            // "2026-11-24"

}  // namespace assent
