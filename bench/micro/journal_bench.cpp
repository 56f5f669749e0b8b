// What does making a page durable cost, by the ways there are to write a journal? Each way writes batches of 168 pages
// and an index, and syncs after each `pages` pages, as a commit interval of 250 ms brings them at 500, 2,000 and 5,000
// calls. CPU time of the process, per page; where a page cache is in between, the kernel's own threads write it out,
// and their time is not in the figure. Wall time per commit stands beside it. `blanked` also writes zeros over as much
// of a file that is no longer needed, as the journal does before it removes one.
//
// The files go to the folder named by JOURNAL_BENCH_FOLDER, else the system's temporary one; remove nothing else there.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/limits.h"
#include "bench/micro/floor.h"

namespace {

using namespace assent;

constexpr std::size_t kBatchPages = limits::kJournalBatchPages + 1;
constexpr std::uint64_t kFileBytes = 256ULL << 20;

// The floor: the same pages written by the same calls, and never synced. What is left is the copy into the page cache.
bench::Floor unsynced;
enum class Sync { each_commit, never };
enum class Dead { kept, blanked };

class JournalFile {
 public:
  explicit JournalFile(int flags, const char* name = "journal_bench") {
    const char* folder = std::getenv("JOURNAL_BENCH_FOLDER");
    path_ = (folder != nullptr ? std::filesystem::path(folder) : std::filesystem::temp_directory_path()) / name;
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0600);
    if (fd_ < 0 || posix_fallocate(fd_, 0, static_cast<off_t>(kFileBytes)) != 0)
      throw std::runtime_error("no file to write to");
  }
  ~JournalFile() {
    ::close(fd_);
    std::filesystem::remove(path_);
  }
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  void write(std::vector<iovec>& parts) {
    const auto bytes = static_cast<std::uint64_t>(parts.size()) * limits::kPageBytes;
    if (at_ + bytes > kFileBytes) at_ = 0;
    if (pwritev(fd_, parts.data(), static_cast<int>(parts.size()), static_cast<off_t>(at_)) !=
        static_cast<ssize_t>(bytes)) {
      throw std::runtime_error("short write");
    }
    at_ += bytes;
  }
  // As a journal file is that was written to its end.
  void fill() {
    const std::vector<std::uint8_t> bytes(std::size_t{1} << 20, 0xA5);
    for (; at_ < kFileBytes; at_ += bytes.size()) {
      if (pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at_)) != std::ssize(bytes)) {
        throw std::runtime_error("short write");
      }
    }
    sync();
    at_ = 0;
  }
  // In writes of a mebibyte, begun at once and waited for at the end of the file.
  void blank(std::uint64_t bytes) {
    static const std::vector<std::uint8_t> zeros(std::size_t{1} << 20);
    while (bytes != 0) {
      const std::uint64_t part = std::min<std::uint64_t>({bytes, zeros.size(), kFileBytes - at_});
      if (pwrite(fd_, zeros.data(), part, static_cast<off_t>(at_)) != static_cast<ssize_t>(part)) {
        throw std::runtime_error("short write");
      }
      (void)sync_file_range(fd_, static_cast<off_t>(at_), static_cast<off_t>(part), SYNC_FILE_RANGE_WRITE);
      bytes -= part;
      at_ += part;
      if (at_ == kFileBytes) {
        sync();
        at_ = 0;
      }
    }
  }
  void sync() {
    if (fdatasync(fd_) != 0) throw std::runtime_error("sync failed");
  }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t at_ = 0;
};

void commit(benchmark::State& state, int flags, Sync sync, Dead dead) {
  const auto pages = static_cast<std::size_t>(state.range(0));
  JournalFile file(flags);
  std::optional<JournalFile> removed;
  if (dead == Dead::blanked) removed.emplace(0, "journal_bench_dead").fill();
  auto* memory = static_cast<std::uint8_t*>(mmap(nullptr, pages * limits::kPageBytes, PROT_READ | PROT_WRITE,
                                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
  std::uint64_t written = 0;
  const double before = bench::cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (auto _ : state) {
    for (std::size_t first = 0; first < pages; first += kBatchPages) {
      std::vector<iovec> parts;
      for (std::size_t i = first; i < std::min(pages, first + kBatchPages); ++i) {
        parts.push_back({memory + i * limits::kPageBytes, limits::kPageBytes});
      }
      file.write(parts);
    }
    if (sync == Sync::each_commit) file.sync();
    if (removed) removed->blank(pages * limits::kPageBytes);
    written += pages;
  }
  const double ns = (bench::cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - before) / static_cast<double>(written);
  if (sync == Sync::never) {
    unsynced.is(state, state.range(0), ns);
  } else {
    unsynced.beside(state, state.range(0), ns);
  }
  munmap(memory, pages * limits::kPageBytes);
}

// 2.17 pages a second and leg of G.711, two legs a call, four commits a second.
BENCHMARK_CAPTURE(commit, floor, 0, Sync::never, Dead::kept)->Arg(540)->Arg(2170)->Arg(5400)->UseRealTime();
BENCHMARK_CAPTURE(commit, buffered, 0, Sync::each_commit, Dead::kept)->Arg(540)->Arg(2170)->Arg(5400)->UseRealTime();
BENCHMARK_CAPTURE(commit, blanked, 0, Sync::each_commit, Dead::blanked)->Arg(540)->Arg(2170)->Arg(5400)->UseRealTime();
BENCHMARK_CAPTURE(commit, direct, O_DIRECT, Sync::each_commit, Dead::kept)
    ->Arg(540)
    ->Arg(2170)
    ->Arg(5400)
    ->UseRealTime();

}  // namespace
