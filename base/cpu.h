// Cpu: one of the machine's processors, as the kernel numbers them, and which of them this process may use.
//
// Any thread. sched_setaffinity(2): a thread begins with the CPUs of the thread that made it.
#pragma once

#include <cstddef>
#include <set>

#include "base/strong.h"

namespace assent {

using Cpu = Strong<std::size_t, struct CpuTag>;  // from 0, below limits::kCpus

// Those that the calling thread may run on.
std::set<Cpu> usable_cpus();

// Keeps the calling thread to these. False when the system does not permit it: they were taken away meanwhile.
bool run_on(const std::set<Cpu>& cpus);

// Lets the other threads of this process, and of the machine, have the CPU first from now on (setpriority(2), which on
// Linux is a thread's own); the calling thread still gets about a tenth of what one of them does.
void run_behind_others();
inline constexpr int kBehindOthersNice = 10;

}  // namespace assent
