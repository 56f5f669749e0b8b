#include "bench/load/process_probe.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace assent::load {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<ThreadUse> use_by_scheduler(const fs::path& thread) {
  std::istringstream fields(first_line(thread / "schedstat"));
  std::int64_t cpu_ns = 0;
  std::int64_t wait_ns = 0;
  if (!(fields >> cpu_ns >> wait_ns)) return std::nullopt;
  return ThreadUse{nanoseconds(cpu_ns), nanoseconds(wait_ns)};
}

// proc(5): utime and stime are the 12th and 13th fields after the name, which may hold anything but ends with ")".
nanoseconds cpu_by_ticks(const fs::path& thread) {
  const std::string line = first_line(thread / "stat");
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return nanoseconds(0);
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  return nanoseconds(1s) / sysconf(_SC_CLK_TCK) * (user + system);
}

}  // namespace

ProcessUse use_of(pid_t process) {
  ProcessUse use;
  const fs::path folder = fs::path("/proc") / std::to_string(process);
  std::error_code gone;
  for (const auto& thread : fs::directory_iterator(folder / "task", gone)) {
    const auto scheduled = use_by_scheduler(thread.path());
    const ThreadUse one = scheduled ? *scheduled : ThreadUse{cpu_by_ticks(thread.path()), nanoseconds(0)};
    for (ThreadUse* sum : {&use.by_thread[first_line(thread.path() / "comm")], &use.all}) {
      sum->cpu += one.cpu;
      sum->wait += one.wait;
    }
  }
  std::ifstream status(folder / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) use.resident_bytes = std::stoull(line.substr(6)) * 1024;
  }
  const fs::directory_iterator files(folder / "fd", gone);
  if (!gone) use.open_files = static_cast<std::size_t>(std::distance(begin(files), end(files)));
  return use;
}

}  // namespace assent::load
