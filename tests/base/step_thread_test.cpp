#include "base/step_thread.h"

#include "catch.h"

namespace assent {
namespace {

TEST_CASE("a thread steps again at once when it is woken, and not before its time otherwise") {
  WakeSignal wake;
  std::atomic<int> steps{0};
  {
    const StepThread thread("stepper", wake, [&](MonoTime now) {
      steps.fetch_add(1);
      return now + 1h;
    });
    for (int expected = 1; expected <= 3; ++expected) {
      while (steps.load() < expected) std::this_thread::yield();
      CHECK(steps.load() == expected);
      wake.notify();
    }
    while (steps.load() < 4) std::this_thread::yield();
  }
  CHECK(steps.load() == 4);
}

TEST_CASE("a thread whose time has come steps without being woken") {
  WakeSignal wake;
  std::atomic<int> steps{0};
  const StepThread thread("stepper", wake, [&](MonoTime now) {
    steps.fetch_add(1);
    return now;
  });
  while (steps.load() < 100) std::this_thread::yield();
  SUCCEED();
}

TEST_CASE("a notification before the wait is not lost") {
  WakeSignal wake;
  wake.notify();
  const MonoTime before = read_clocks().mono;
  wake.wait_until(before + 1h);
  CHECK(read_clocks().mono < before + 30min);
}

}  // namespace
}  // namespace assent
