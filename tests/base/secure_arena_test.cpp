#include "base/secure_arena.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "catch.h"

using namespace assent;

namespace {

// The VmFlags line of the mapping that starts at `base`, as the kernel prints it.
std::string flags_of_mapping(const void* base) {
  std::ifstream maps("/proc/self/smaps");
  char start[32];
  std::snprintf(start, sizeof start, "%lx-", reinterpret_cast<unsigned long>(base));
  std::string line;
  bool found = false;
  while (std::getline(maps, line)) {
    if (line.rfind(start, 0) == 0) found = true;
    if (found && line.rfind("VmFlags:", 0) == 0) return line;
  }
  return {};
}

}  // namespace

TEST_CASE("the arena is locked and kept out of core files, whichever backing it has") {
  for (const auto wanted : {ArenaBacking::secret_memory, ArenaBacking::locked_memory}) {
    auto arena = SecureArena::create(64 * 1024, wanted);
    REQUIRE(arena);
    CHECK(arena->memory().size() == 64 * 1024);
    const std::string flags = flags_of_mapping(arena->memory().data());
    CHECK(flags.find(" lo") != std::string::npos);
    CHECK(flags.find(" dd") != std::string::npos);
    CHECK((flags.find(" wf") != std::string::npos || flags.find(" dc") != std::string::npos));
  }
}

TEST_CASE("a size is rounded up to whole pages") {
  auto arena = SecureArena::create(1, ArenaBacking::locked_memory);
  REQUIRE(arena);
  CHECK(arena->memory().size() == 4096);
}

TEST_CASE("memory that may not be locked is refused with the limit to raise") {
  const pid_t child = fork();
  if (child == 0) {
    // An ordinary user with a small limit.
    const rlimit small{64 * 1024, 64 * 1024};
    const bool ready = setrlimit(RLIMIT_MEMLOCK, &small) == 0 && setresuid(65534, 65534, 65534) == 0;
    if (!ready) _exit(2);
    const auto arena = SecureArena::create(1 << 20);
    const bool refused = !arena && arena.error().code == Errc::exhausted &&
                         arena.error().what.find("ulimit -l") != std::string::npos && lockable_bytes() <= 64 * 1024;
    _exit(refused ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 2) {
    WARN("skipped: needs root to become an ordinary user");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a process that forbids core dumps has no core limit left") {
  const pid_t child = fork();
  if (child == 0) {
    rlimit limit{};
    const bool done = forbid_core_dumps().has_value() && getrlimit(RLIMIT_CORE, &limit) == 0;
    _exit(done && limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
}
