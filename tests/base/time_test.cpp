#include "base/time.h"

#include "catch.h"

using namespace assent;

TEST_CASE("times print and read as RFC 3339") {
  const WallTime time = WallTime(seconds(1795561140)) + 123ms;
  CHECK(to_rfc3339(time) == "2026-11-24T22:59:00.123Z");
  CHECK(parse_rfc3339("2026-11-24T22:59:00.123Z") == time);
  CHECK(parse_rfc3339("2026-11-25T00:59:00.123+02:00") == time);
  CHECK(utc_day(time) == "2026-11-24");
}

TEST_CASE("text that is not a time is refused") {
  for (const char* text :
       {"", "2026-11-24", "2026-13-24T22:59:00Z", "2026-02-30T22:59:00Z", "2026-11-24T25:59:00Z", "2026-11-24T22:59:00",
        "2026-11-24T22:59:00+2:00", "2600-01-01T00:00:00Z", "1600-01-01T00:00:00Z", "yesterday"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}
