#include "base/cpu.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"

namespace assent {

static_assert(limits::kCpus == CPU_SETSIZE);

std::set<Cpu> usable_cpus() {
  std::set<Cpu> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (std::size_t cpu = 0; cpu < limits::kCpus; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.insert(Cpu(cpu));
  }
  return cpus;
}

bool run_on(const std::set<Cpu>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const Cpu cpu : cpus) CPU_SET(cpu.value, &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0;
}

// To a higher nice value every process may go, so there is nothing to report.
void run_behind_others() { (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kBehindOthersNice); }

}  // namespace assent
