#include "base/result.h"

#include <cerrno>

#include "catch.h"

using namespace assent;

namespace {
Result<int> half(int n) {
  if (n % 2 != 0) return error(Errc::invalid, "odd");
  return n / 2;
}
}  // namespace

TEST_CASE("a result is a value or an error") {
  CHECK(half(4).value() == 2);
  CHECK(half(3).error().code == Errc::invalid);
  CHECK(half(3).value_or(7) == 7);
}

TEST_CASE("a result of nothing is success until it is an error") {
  CHECK(Result<void>());
  CHECK_FALSE(Result<void>(error(Errc::io, "no")));
}

TEST_CASE("an operating system error says what was being done") {
  CHECK(os_error("open x", ENOENT).what == "open x: No such file or directory");
}
