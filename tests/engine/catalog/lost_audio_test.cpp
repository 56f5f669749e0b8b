#include "engine/catalog/lost_audio.h"

#include "catch.h"

using namespace assent;

TEST_CASE("nothing lost and nothing more is nothing") {
  CHECK(joined_losses("", "").empty());
  CHECK(joined_losses("{}", "not json").empty());
}

TEST_CASE("what was lost before and since stands side by side") {
  CHECK(
      joined_losses(R"({"interrupted":true,"legs":{"a":[{"segment":1}]}})",
                    R"({"gaps":[{"leg":"a"}],"interrupted":true,"legs":{"a":[{"segment":4}],"b":[{"segment":2}]}})") ==
      R"({"gaps":[{"leg":"a"}],"interrupted":true,"legs":{"a":[{"segment":1},{"segment":4}],"b":[{"segment":2}]}})");
  CHECK(joined_losses(R"({"why":"a disk"})", R"({"why":"another"})") == R"({"why":"another"})");
}

TEST_CASE("every restart in the middle of a call is told with its times") {
  const WallTime crash(std::chrono::seconds(1'800'000'000));
  const std::string once = with_interruption("", crash, crash + 2s);
  CHECK(once == R"({"interruptions":[{"from":"2027-01-15T08:00:00.000Z","to":"2027-01-15T08:00:02.000Z"}]})");
  const std::string twice = with_interruption(once, crash + 1min, crash + 2min);
  CHECK(twice.find("08:00:02") != std::string::npos);
  CHECK(twice.find("08:02:00") != std::string::npos);
}
