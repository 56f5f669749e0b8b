#include "engine/overload/queue_delay.h"

#include "catch.h"

namespace assent {
namespace {

constexpr MonoTime kStart{1000s};

TEST_CASE("an empty queue has no delay, however much went through it") {
  QueueDelay delay;
  CHECK(delay.sample({0, 0}, kStart) == 0s);
  CHECK(delay.sample({500, 500}, kStart + 1s) == 0s);
}

TEST_CASE("what stays in a queue ages") {
  QueueDelay delay;
  CHECK(delay.sample({10, 0}, kStart) == 0s);
  CHECK(delay.sample({20, 0}, kStart + 1s) == 1s);
  CHECK(delay.sample({20, 0}, kStart + 10s) == 10s);
}

TEST_CASE("the delay is that of the oldest entry that is still there") {
  QueueDelay delay;
  delay.sample({10, 0}, kStart);
  delay.sample({20, 0}, kStart + 3s);
  CHECK(delay.sample({30, 9}, kStart + 4s) == 4s);   // the last of the first ten is there
  CHECK(delay.sample({30, 10}, kStart + 5s) == 2s);  // now the second ten are the oldest
  CHECK(delay.sample({30, 29}, kStart + 6s) == 2s);
  CHECK(delay.sample({30, 30}, kStart + 7s) == 0s);
}

TEST_CASE("a queue that keeps up has the delay of its last entries, not of its age") {
  QueueDelay delay;
  std::uint64_t in = 0;
  for (int i = 0; i < 5000; ++i) {
    in += 3;
    const auto now = delay.sample({in, in - 3}, kStart + i * 100ms);
    CHECK(now <= 100ms);
  }
}

TEST_CASE("a stall longer than what is remembered is told in full for what is oldest") {
  QueueDelay delay;
  nanoseconds last{0};
  for (std::uint64_t i = 1; i <= 3 * limits::kDelaySamples; ++i) {
    last = delay.sample({i, 0}, kStart + static_cast<int>(i) * 100ms);
  }
  CHECK(last == 100ms * (3 * static_cast<int>(limits::kDelaySamples) - 1));
  CHECK(delay.sample({4000, 4000}, kStart + 1h) == 0s);
}

}  // namespace
}  // namespace assent
