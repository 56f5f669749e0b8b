#include "engine/control/request_target.h"

#include "catch.h"

namespace assent {

TEST_CASE("a target is split into a decoded path and a decoded query") {
  const auto target = parse_target("/v1/recordings/%41?from=2026-11-24T22%3A59%3A00Z&subject=a+b%2Bc&flag&=x&&");
  REQUIRE(target);
  CHECK(target->path == "/v1/recordings/A");
  CHECK(target->query == std::map<std::string, std::string>{
                             {"from", "2026-11-24T22:59:00Z"}, {"subject", "a b+c"}, {"flag", ""}, {"", "x"}});
}

TEST_CASE("a plus in a path stays a plus") { CHECK(parse_target("/a+b")->path == "/a+b"); }

TEST_CASE("a target with an authority is its path") {
  CHECK(parse_target("http://host:80/a?b=c")->path == "/a");
  CHECK(parse_target("http://host")->path == "/");
}

TEST_CASE("what is no path, badly encoded, holds control characters or names twice is refused") {
  for (const char* target :
       {"", "*", "a/b", "host:443", "/%", "/%4", "/%4x", "/%00", "/a%0ab", "/?a=%", "/?a=1&a=1", "/?a&a", "/%7f"}) {
    INFO(target);
    const auto parsed = parse_target(target);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::invalid);
  }
}

}  // namespace assent
