#include "base/ids.h"

#include "catch.h"

using namespace assent;

TEST_CASE("a new id is a UUIDv7 that carries its time") {
  const auto id = new_id<CallId>(WallTime(milliseconds(0x0123456789AB)));
  const std::string text = to_text(id);
  CHECK(text.substr(0, 15) == "01234567-89ab-7");
  CHECK(std::string("89ab").find(text[19]) != std::string::npos);
}

TEST_CASE("ids made in a row differ and survive their text form") {
  const WallTime now(seconds(1));
  const auto a = new_id<LegId>(now);
  const auto b = new_id<LegId>(now);
  CHECK(a != b);
  CHECK(parse_id<LegId>(to_text(a)) == a);
}

TEST_CASE("text that is not a UUID is refused") {
  CHECK_FALSE(parse_id<CallId>(""));
  CHECK_FALSE(parse_id<CallId>("0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f"));
  CHECK_FALSE(parse_id<CallId>("0192f0c12b3c-7d4e-8f90-a1b2c3d4e5f6-"));
  CHECK_FALSE(parse_id<CallId>("0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5fg"));
}
