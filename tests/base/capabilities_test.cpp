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

// All five sets of a thread (proc(5)), as one.
std::uint64_t sets_of(const std::string& status_file) {
  std::ifstream status(status_file);
  std::uint64_t sets = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("Cap", 0) == 0) sets |= std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
  }
  return sets;
}

}  // namespace

TEST_CASE("what is given up is in no set of the thread and of those it starts, and nothing else is missing") {
  // In a process of its own, because it is for good.
  const pid_t child = fork();
  if (child == 0) {
    const std::uint64_t before = sets_of("/proc/thread-self/status");
    const bool done = give_up({Capability::net_admin, Capability::bpf}).has_value();
    const std::uint64_t after = sets_of("/proc/thread-self/status");
    std::uint64_t in_thread = ~0ULL;
    std::thread([&] { in_thread = sets_of("/proc/thread-self/status"); }).join();
    // Without CAP_SETPCAP the bounding set stays as it is.
    const bool gone = (after & kGivenUp) == 0 || (before & (1ULL << CAP_SETPCAP)) == 0;
    const bool rest_stays = (before & ~kGivenUp) == (after & ~kGivenUp);
    _exit(done && gone && rest_stays && in_thread == after ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}
