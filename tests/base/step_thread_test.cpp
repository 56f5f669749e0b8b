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

TEST_CASE("a thread that is given a CPU runs there only, and those that are not run where they may") {
  const auto usable = usable_cpus();
  REQUIRE_FALSE(usable.empty());
  const Cpu cpu = *usable.rbegin();
  const auto cpus_of = [](std::optional<Cpu> wanted) {
    WakeSignal wake;
    std::set<Cpu> seen;
    std::atomic<bool> stepped{false};
    const StepThread thread(
        "stepper", wake,
        [&](MonoTime now) {
          if (!stepped.exchange(true)) seen = usable_cpus();
          return now + 1h;
        },
        wanted);
    while (!stepped.load()) std::this_thread::yield();
    return seen;
  };
  CHECK(cpus_of(cpu) == std::set<Cpu>{cpu});
  CHECK(cpus_of(std::nullopt) == usable);
  CHECK(usable_cpus() == usable);
}

TEST_CASE("a notification before the wait is not lost") {
  WakeSignal wake;
  wake.notify();
  const MonoTime before = read_mono();
  wake.wait_until(before + 1h);
  CHECK(read_mono() < before + 30min);
}

}  // namespace
}  // namespace assent
