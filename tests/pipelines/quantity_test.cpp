#include "pipelines/quantity.h"

#include "catch.h"

namespace assent {

TEST_CASE("a duration is a whole number and its unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("5 m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("90d") == 2160h);
  CHECK(parse_duration("0s") == 0s);
  for (const auto* wrong :
       {"", "30", "s", "-1s", "+1s", "1.5s", "30S", "30s ", "30  s", "1h30m", "30sec", "\xC2\xB5s"}) {
    INFO(wrong);
    CHECK(!parse_duration(wrong));
  }
}

TEST_CASE("a duration too large for the clocks is none") {
  CHECK(!parse_duration("18446744073709551615d"));
  CHECK(!parse_duration("99999999999999999999s"));
  CHECK(!parse_duration("1000000d"));
}

TEST_CASE("a duration is written in the largest unit that leaves no fraction, and reads back") {
  CHECK(duration_text(0ms) == "0s");
  CHECK(duration_text(60ms) == "60ms");
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(120s) == "2m");
  CHECK(duration_text(2h) == "2h");
  CHECK(duration_text(2160h) == "90d");
  for (const auto duration : {milliseconds(1), milliseconds(999), milliseconds(61000), milliseconds(86400000)}) {
    CHECK(parse_duration(duration_text(duration)) == duration);
  }
}

TEST_CASE("a size is a whole number and its unit") {
  CHECK(parse_size("512B") == 512U);
  CHECK(parse_size("4 KiB") == 4096U);
  CHECK(parse_size("256MiB") == 256ULL << 20);
  CHECK(parse_size("4GiB") == 4ULL << 30);
  for (const auto* wrong : {"", "256", "256MB", "256mib", "-1B", "1.5GiB", "18446744073709551615GiB"}) {
    INFO(wrong);
    CHECK(!parse_size(wrong));
  }
}

TEST_CASE("a size is written in its largest whole unit, or with one decimal") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(4096) == "4 KiB");
  CHECK(size_text(256ULL << 20) == "256 MiB");
  CHECK(size_text(1536) == "1.5 KiB");
}

}  // namespace assent
