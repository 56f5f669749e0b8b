#include "base/capabilities.h"

#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "catch.h"

using namespace assent;

namespace {

constexpr std::uint64_t kGivenUp = (1ULL << CAP_NET_ADMIN) | (1ULL << CAP_BPF);

// The sets of the calling thread whose names in proc(5) begin so, as one.
std::uint64_t sets_of_thread(const std::string& name) {
  std::ifstream status("/proc/thread-self/status");
  std::uint64_t sets = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name, 0) == 0) sets |= std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
  }
  return sets;
}

}  // namespace

TEST_CASE("what is given up is in no set of the thread and of those it starts, and nothing else is missing") {
  // In a process of its own, because it is for good.
  const pid_t child = fork();
  if (child == 0) {
    const std::uint64_t before = sets_of_thread("Cap");
    const bool done = give_up({Capability::net_admin, Capability::bpf}).has_value();
    const std::uint64_t after = sets_of_thread("Cap");
    std::uint64_t in_thread = ~0ULL;
    std::thread([&] { in_thread = sets_of_thread("Cap"); }).join();
    const bool gone =
        ((sets_of_thread("CapInh") | sets_of_thread("CapPrm") | sets_of_thread("CapEff") | sets_of_thread("CapAmb")) &
         kGivenUp) == 0;
    // Without CAP_SETPCAP the bounding set stays as it is, and no program may gain anything from it.
    const bool bounded = (sets_of_thread("CapBnd") & kGivenUp) == 0 || sets_of_thread("NoNewPrivs") == 1;
    const bool rest_stays = (before & ~kGivenUp) == (after & ~kGivenUp);
    _exit(done && gone && bounded && rest_stays && in_thread == after ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}
