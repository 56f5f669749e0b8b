#include "engine/control/byte_range.h"

#include "catch.h"

namespace assent {
namespace {

using Kind = ByteRange::Kind;

ByteRange asked(const std::string& range, std::uint64_t body = 1000) {
  return wanted_range({{"range", range}}, "\"e\"", body);
}

}  // namespace

TEST_CASE("a request without a range wants the whole") {
  CHECK(wanted_range({}, "\"e\"", 1000) == ByteRange{Kind::whole, 0, 1000});
}

TEST_CASE("one range of bytes is a part") {
  CHECK(asked("bytes=0-0") == ByteRange{Kind::part, 0, 1});
  CHECK(asked("bytes=0-999") == ByteRange{Kind::part, 0, 1000});
  CHECK(asked("bytes=500-") == ByteRange{Kind::part, 500, 500});
  CHECK(asked("bytes=500-5000") == ByteRange{Kind::part, 500, 500});
  CHECK(asked("bytes=-100") == ByteRange{Kind::part, 900, 100});
  CHECK(asked("bytes=-5000") == ByteRange{Kind::part, 0, 1000});
  CHECK(asked("bytes=5-99999999999999999999999") == ByteRange{Kind::part, 5, 995});
}

TEST_CASE("a range that begins behind the end cannot be satisfied") {
  CHECK(asked("bytes=1000-").kind == Kind::unsatisfiable);
  CHECK(asked("bytes=99999999999999999999999-").kind == Kind::unsatisfiable);
  CHECK(asked("bytes=-0").kind == Kind::unsatisfiable);
  CHECK(asked("bytes=0-", 0).kind == Kind::unsatisfiable);
}

TEST_CASE("what is no single range of bytes is answered with the whole") {
  for (const char* range : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1-2,4-5", "lines=1-2",
                            "bytes= 1-2", "bytes=1-2 ", "bytes=+1-2", "bytes=0x1-2"}) {
    INFO(range);
    CHECK(asked(range).kind == Kind::whole);
  }
}

TEST_CASE("a part is given only of what the asker has the rest of") {
  CHECK(wanted_range({{"range", "bytes=5-"}, {"if-range", "\"e\""}}, "\"e\"", 10).kind == Kind::part);
  CHECK(wanted_range({{"range", "bytes=5-"}, {"if-range", "\"other\""}}, "\"e\"", 10).kind == Kind::whole);
}

}  // namespace assent
