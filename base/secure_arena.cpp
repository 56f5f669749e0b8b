#include "base/secure_arena.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>

namespace assent {
namespace {

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

std::size_t round_to_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

// The mapping, or MAP_FAILED with errno. Secret memory is locked by being what it is.
void* map_secret(std::size_t bytes) {
  const int fd = static_cast<int>(syscall(SYS_memfd_secret, O_CLOEXEC));
  if (fd < 0) return MAP_FAILED;
  void* base = MAP_FAILED;
  if (ftruncate(fd, static_cast<off_t>(bytes)) == 0) {
    base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  const int why = errno;
  close(fd);  // the mapping keeps the memory
  errno = why;
  return base;
}

void* map_locked(std::size_t bytes) {
  void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return base;
  // In huge pages where the system has them: a leg's block is rarely on a page that the processor has just used.
  (void)madvise(base, bytes, MADV_HUGEPAGE);
  // The system call itself: under a sanitizer the library's mlock does nothing, and a test must see what is true.
  if (syscall(SYS_mlock, base, bytes) != 0) {
    const int why = errno;
    munmap(base, bytes);
    errno = why;
    return MAP_FAILED;
  }
  return base;
}

Error lock_refused(std::size_t bytes, int why) {
  if (why == ENOMEM || why == EAGAIN || why == EPERM) {
    return error(Errc::exhausted, "cannot lock " + std::to_string(bytes) + " bytes of memory for held audio (" +
                                      std::to_string(lockable_bytes()) +
                                      " allowed): raise the locked-memory limit (ulimit -l, or LimitMEMLOCK= in "
                                      "the systemd unit), or lower capacity.calls or consent.hold");
  }
  return os_error("map the secure arena", why);
}

bool may_lock_without_limit() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_IPC_LOCK / 32].effective & (1U << (CAP_IPC_LOCK % 32))) != 0;
}

std::size_t locked_now_bytes() {
  std::FILE* status = std::fopen("/proc/self/status", "re");
  if (status == nullptr) return 0;
  char line[256];
  unsigned long kib = 0;
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::sscanf(line, "VmLck: %lu kB", &kib) == 1) break;
  }
  std::fclose(status);
  return std::size_t{kib} * 1024;
}

}  // namespace

std::string_view name_of(ArenaBacking backing) {
  return backing == ArenaBacking::secret_memory ? "memfd_secret" : "mlock";
}

Result<SecureArena> SecureArena::create(std::size_t bytes, ArenaBacking wanted) {
  const std::size_t size = round_to_pages(bytes);
  ArenaBacking backing = wanted;
  void* base = MAP_FAILED;
  if (wanted == ArenaBacking::secret_memory) base = map_secret(size);
  if (base == MAP_FAILED) {
    backing = ArenaBacking::locked_memory;
    base = map_locked(size);
  }
  if (base == MAP_FAILED) return lock_refused(size, errno);

  SecureArena arena(static_cast<std::uint8_t*>(base), size, backing);
  if (madvise(base, size, MADV_DONTDUMP) != 0) return os_error("keep the secure arena out of core files", errno);
  // A shared mapping cannot be wiped on fork; it is kept out of children instead. We never fork while audio is held.
  const int fork_advice = backing == ArenaBacking::secret_memory ? MADV_DONTFORK : MADV_WIPEONFORK;
  if (madvise(base, size, fork_advice) != 0) return os_error("keep the secure arena from child processes", errno);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  volatile std::uint8_t* touch = arena.base_;
  for (std::size_t at = 0; at < size; at += page) touch[at] = 0;
  return arena;
}

SecureArena::SecureArena(SecureArena&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)), backing_(other.backing_) {}

SecureArena& SecureArena::operator=(SecureArena&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  std::swap(backing_, other.backing_);
  return *this;
}

SecureArena::~SecureArena() {
  if (base_ != nullptr) munmap(base_, bytes_);
}

std::size_t lockable_bytes() {
  if (may_lock_without_limit()) return std::numeric_limits<std::size_t>::max();
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 0;
  if (limit.rlim_cur == RLIM_INFINITY) return std::numeric_limits<std::size_t>::max();
  const std::size_t locked = locked_now_bytes();
  return limit.rlim_cur > locked ? limit.rlim_cur - locked : 0;
}

Result<void> forbid_core_dumps() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return os_error("set RLIMIT_CORE to 0", errno);
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return os_error("set PR_SET_DUMPABLE to 0", errno);
  return {};
}

}  // namespace assent
