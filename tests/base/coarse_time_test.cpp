#include "base/coarse_time.h"

#include "catch.h"

namespace assent {

TEST_CASE("a coarse time tells how long ago it was, to a step either way") {
  constexpr nanoseconds kStep(65536);
  const MonoTime start(std::chrono::hours(1000));
  for (const nanoseconds passed : {nanoseconds(20ms), nanoseconds(500ms), nanoseconds(10s), nanoseconds(30h)}) {
    const nanoseconds told = CoarseTime(start).until(start + passed);
    CHECK(told >= passed - kStep);
    CHECK(told <= passed + kStep);
    CHECK(CoarseTime(start).until(CoarseTime(start + passed)) == told);
  }
}

TEST_CASE("a coarse time that wraps its 32 bits still tells how long ago it was") {
  const MonoTime before_wrap(nanoseconds((std::int64_t{1} << 48) - 1'000'000));
  const nanoseconds told = CoarseTime(before_wrap).until(before_wrap + 4ms);
  CHECK(told > 3900us);
  CHECK(told < 4100us);
}

TEST_CASE("nothing has passed since a coarse time that is still to come") {
  const MonoTime start(1000s);
  CHECK(CoarseTime(start + 1ms).until(start) == nanoseconds(0));
}

}  // namespace assent
