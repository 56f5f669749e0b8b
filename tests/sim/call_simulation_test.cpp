// Whole calls, drawn from seeds, on a real shard in virtual time, each packet held against an oracle that shares no
// code with the engine (call_oracle.h).
//
//   CALLS=100000 test_sim_calls         so many seeds, from SEED on
//   SEED=4711 CALLS=1 test_sim_calls    one again
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

#include "catch.h"
#include "tests/sim/simulated_call.h"

using namespace assent;
using namespace assent::sim;

namespace {

constexpr std::uint64_t kCallsDefault = 3000;
constexpr std::uint64_t kCallsAShard = 500;  // one after the other; then a new one

std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Count {
  const char* name;
  std::uint64_t Tried::*count;
};
constexpr std::array kCounts{Count{"calls", &Tried::calls},
                             Count{"of them recorded", &Tried::recorded_calls},
                             Count{"packets", &Tried::packets},
                             Count{"had to be kept", &Tried::required},
                             Count{"must not be kept", &Tried::forbidden},
                             Count{"kept", &Tried::kept},
                             Count{"withdrawn before they were sealed", &Tried::revoked},
                             Count{"grants", &Tried::grants},
                             Count{"refusals", &Tried::refusals},
                             Count{"pauses", &Tried::pauses},
                             Count{"digits", &Tried::digits},
                             Count{"late joiners", &Tried::late_joiners},
                             Count{"records refused", &Tried::refused_records},
                             Count{"consents and questions expired", &Tried::expired},
                             Count{"keys destroyed", &Tried::erasures},
                             Count{"times that the lease was over", &Tried::suspensions},
                             Count{"changes of source", &Tried::source_changes},
                             Count{"changes of codec", &Tried::codec_changes},
                             Count{"crashes", &Tried::crashes},
                             Count{"packets that a crash took", &Tried::cut_short}};

}  // namespace

TEST_CASE("whole calls keep what was consented to, and nothing else") {
  const std::uint64_t first = number_of("SEED", 1);
  const std::uint64_t calls = number_of("CALLS", kCallsDefault);
  Tried sum;
  std::unique_ptr<SimulatedShard> world;
  const std::clock_t begun = std::clock();
  std::size_t failed = 0;
  for (std::uint64_t seed = first; seed < first + calls && failed < 10; ++seed) {
    if ((seed - first) % kCallsAShard == 0) {
      world.reset();
      world = std::make_unique<SimulatedShard>();
    }
    SimulatedCall call(*world, seed);
    const std::string wrong = call.run();
    for (const Count& one : kCounts) sum.*one.count += call.tried().*one.count;
    if (wrong.empty()) continue;
    ++failed;
    std::printf("SEED=%llu CALLS=1: %s (%s)\n", static_cast<unsigned long long>(seed), wrong.c_str(),
                call.plan().c_str());
  }
  const double took_s = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  for (const Count& one : kCounts) {
    std::printf("%12llu  %s\n", static_cast<unsigned long long>(sum.*one.count), one.name);
    // Whatever was not tried was not tested.
    if (calls >= kCallsDefault) CHECK(sum.*one.count != 0);
  }
  std::printf("%.1f s of CPU, %.2f ms a call\n", took_s, 1000 * took_s / static_cast<double>(sum.calls));
  CHECK(failed == 0);
}
