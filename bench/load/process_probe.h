// What another process uses, from /proc: CPU time by thread, memory, file descriptors.
//
// CPU time is the scheduler's own (schedstat, in nanoseconds); where the kernel has none, clock ticks of `stat`. Any
// thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "base/time.h"

namespace assent::load {

struct ProcessUse {
  std::map<std::string, nanoseconds> cpu_by_thread;  // by the thread's name, with those of one name added
  nanoseconds cpu{0};                                // of all threads
  std::uint64_t resident_bytes = 0;
  std::size_t open_files = 0;
  bool is_there() const { return !cpu_by_thread.empty(); }
};

ProcessUse use_of(pid_t process);

}  // namespace assent::load
