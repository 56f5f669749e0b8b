#include "engine/control/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace assent {
namespace {

// When the machine started, in seconds since 1970.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

std::uint64_t entries_of(const char* folder) {
  std::error_code failed;
  const std::filesystem::directory_iterator entries(folder, failed);
  return failed ? 0 : static_cast<std::uint64_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

std::optional<ProcessUsage> read_process_usage() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name, in brackets, may hold spaces and brackets itself; the state follows the last one.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  const std::vector<std::string> field{std::istream_iterator<std::string>(fields), {}};
  // Numbered as proc(5) does; the first here is 3.
  const auto number = [&field](std::size_t place) { return std::stoull(field.at(place - 3)); };
  constexpr std::size_t kUserTime = 14;
  constexpr std::size_t kSystemTime = 15;
  constexpr std::size_t kThreads = 20;
  constexpr std::size_t kStartTime = 22;
  constexpr std::size_t kResidentPages = 24;
  if (field.size() < kResidentPages - 2) return std::nullopt;

  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessUsage usage;
  usage.cpu_seconds = static_cast<double>(number(kUserTime) + number(kSystemTime)) / ticks;
  usage.start_time_seconds = boot_time() + static_cast<double>(number(kStartTime)) / ticks;
  usage.resident_bytes = number(kResidentPages) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  usage.threads = number(kThreads);
  usage.open_files = entries_of("/proc/self/fd");
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) usage.open_files_limit = files.rlim_cur;
  return usage;
}

}  // namespace assent
