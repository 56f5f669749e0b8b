// Floor: the least that a stage's work could cost, measured in the same run and printed beside what it does cost.
//
// A floor's benchmark tells its figure, by its argument (legs, ports, pages); those of the stage are registered after
// it and print with theirs `floor_ns` and `to_floor`, the ratio. When --benchmark_filter leaves the floor out, so does
// the comparison. One thread.
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>

#include <cstdint>
#include <map>

namespace assent::bench {

// CPU time of this thread, or with CLOCK_PROCESS_CPUTIME_ID of all, since an arbitrary moment.
inline double cpu_ns(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

class Floor {
 public:
  void is(benchmark::State& state, std::int64_t argument, double ns) {
    ns_[argument] = ns;
    state.counters["ns"] = ns;
  }
  void beside(benchmark::State& state, std::int64_t argument, double ns) const {
    state.counters["ns"] = ns;
    const auto floor = ns_.find(argument);
    if (floor == ns_.end()) return;
    state.counters["floor_ns"] = floor->second;
    state.counters["to_floor"] = ns / floor->second;
  }

 private:
  std::map<std::int64_t, double> ns_;
};

}  // namespace assent::bench
