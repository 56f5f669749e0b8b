#include "engine/ingest/port_range.h"

#include "catch.h"

using namespace assent;

TEST_CASE("a port range is read from its text") {
  CHECK(*parse_port_span("20000-29999") == PortSpan{20000, 29999});
  CHECK(*parse_port_span("1024-65535") == PortSpan{1024, 65535});
  for (const char* text : {"", "20000", "20000-", "-20000", "20000-19999", "20000-65536", "1023-2000", "a-b",
                           "20000-20010 ", "20000--20010", "+20000-20010"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_port_span(text));
  }
}

TEST_CASE("pairs begin at an even port and lie wholly in the range") {
  auto range = PortRange::create({20001, 20006});
  REQUIRE(range);
  CHECK(range->free_pairs() == 2);
  CHECK(range->take()->even == 20002);
  const auto last = range->take();
  CHECK(last->even == 20004);
  CHECK(last->odd() == 20005);
  CHECK_FALSE(range->take());
}

TEST_CASE("the highest pair there is can be had, and a range without one is refused") {
  CHECK(PortRange::create({65534, 65535})->take()->odd() == 65535);
  CHECK_FALSE(PortRange::create({65535, 65535}));
  CHECK_FALSE(PortRange::create({20001, 20002}));
}

TEST_CASE("the pair that has been free longest is handed out next") {
  auto range = PortRange::create({20000, 20005});
  REQUIRE(range);
  const auto first = range->take();
  range->give_back(*first);
  CHECK(range->take()->even == 20002);
  CHECK(range->take()->even == 20004);
  CHECK(range->take()->even == 20000);
}

TEST_CASE("a pair that is asked for by name is had once, and only while it is free") {
  auto range = *PortRange::create({20000, 20005});
  CHECK(range.take({20002}));
  CHECK_FALSE(range.take({20002}));
  CHECK_FALSE(range.take({30000}));
  CHECK(range.take()->even == 20000);
  CHECK(range.take()->even == 20004);
  CHECK_FALSE(range.take());
  range.give_back({20002});
  CHECK(range.take({20002}));
}
