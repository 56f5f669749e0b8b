// What another process uses, from /proc: CPU time by thread, memory, file descriptors.
//
// Times are the scheduler's own (schedstat, in nanoseconds); where the kernel has none, CPU time is in clock ticks of
// `stat`, and waiting is not known. Any thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "base/time.h"

namespace assent::load {

struct ThreadUse {
  nanoseconds cpu{0};
  nanoseconds wait{0};  // ready to run, while others had the core
};

struct ProcessUse {
  std::map<std::string, ThreadUse> by_thread;  // by the thread's name, with those of one name added
  ThreadUse all;
  std::uint64_t resident_bytes = 0;
  std::size_t open_files = 0;
};

ProcessUse use_of(pid_t process);

}  // namespace assent::load
