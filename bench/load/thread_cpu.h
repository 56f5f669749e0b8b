// CPU time of the thread that asks (CLOCK_THREAD_CPUTIME_ID). Any thread.
#pragma once

#include <time.h>

#include "base/time.h"

namespace assent::load {

inline nanoseconds thread_cpu() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return seconds(at.tv_sec) + nanoseconds(at.tv_nsec);
}

}  // namespace assent::load
