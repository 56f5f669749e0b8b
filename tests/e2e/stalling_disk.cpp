// A disk that stalls, for tests: preloaded into a program (LD_PRELOAD), it makes every call that writes to a disk wait
// for as long as the file named by ASSENT_STALL is there. What was asked for happens afterwards, as it does when a disk
// comes back. Reads go on: what is read was written lately, and is in the page cache.
//
// With ASSENT_STALL_ONLY only files whose path contains that text are concerned. With ASSENT_STALL_FULL nothing waits,
// but data is refused: the disk is full.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr useconds_t kLookEveryUs = 2000;

bool is_stalled() {
  static const char* const file = std::getenv("ASSENT_STALL");
  return file != nullptr && access(file, F_OK) == 0;
}

bool is_full_instead() {
  static const bool full = std::getenv("ASSENT_STALL_FULL") != nullptr;
  return full;
}

bool concerns(const char* path) {
  static const char* const only = std::getenv("ASSENT_STALL_ONLY");
  return only == nullptr || std::strstr(path, only) != nullptr;
}

bool concerns(int fd) {
  char link[32];
  char path[4096];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof(path) - 1);
  if (size < 0) return false;
  path[size] = 0;
  return concerns(path);
}

template <typename File>
void wait_while_stalled(File file) {
  while (!is_full_instead() && is_stalled() && concerns(file)) usleep(kLookEveryUs);
}

// Whether data is refused; waits while the disk stalls instead.
bool refuses(int fd) {
  wait_while_stalled(fd);
  if (!is_full_instead() || !is_stalled() || !concerns(fd)) return false;
  errno = ENOSPC;
  return true;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// Only what is made is made on the disk; what is opened may be anything.
template <typename Open>
int open_as(Open open, const char* path, int flags, mode_t mode) {
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) wait_while_stalled(path);
  return open(path, flags, mode);
}

mode_t mode_of(int flags, va_list rest) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0; }

}  // namespace

// NOLINTBEGIN(cert-dcl50-cpp,readability-inconsistent-declaration-parameter-name)
extern "C" {

#define STALL(type, name, parameters, file, ...)              \
  type name parameters {                                      \
    static const auto real = next<type(*) parameters>(#name); \
    wait_while_stalled(file);                                 \
    return real(__VA_ARGS__);                                 \
  }

#define STALL_DATA(type, name, parameters, ...)               \
  type name parameters {                                      \
    static const auto real = next<type(*) parameters>(#name); \
    if (refuses(fd)) return -1;                               \
    return real(__VA_ARGS__);                                 \
  }

STALL_DATA(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), fd, data, size, at)
STALL_DATA(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at), fd, data, size, at)
STALL_DATA(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at), fd, parts, count, at)
STALL_DATA(ssize_t, pwritev64, (int fd, const iovec* parts, int count, off64_t at), fd, parts, count, at)
STALL(int, fdatasync, (int fd), fd, fd)
STALL(int, fsync, (int fd), fd, fd)
STALL_DATA(int, fallocate, (int fd, int mode, off_t at, off_t size), fd, mode, at, size)
STALL_DATA(int, fallocate64, (int fd, int mode, off64_t at, off64_t size), fd, mode, at, size)
STALL(int, ftruncate, (int fd, off_t size) noexcept, fd, fd, size)
STALL(int, ftruncate64, (int fd, off64_t size) noexcept, fd, fd, size)
STALL(int, rename, (const char* from, const char* to) noexcept, to, from, to)
STALL(int, unlink, (const char* path) noexcept, path, path)
STALL(int, linkat, (int from, const char* path, int to, const char* name, int flags) noexcept, name, from, path, to,
      name, flags)

#undef STALL
#undef STALL_DATA

#define STALL_OPEN(name)                                                  \
  int name(const char* path, int flags, ...) {                            \
    static const auto real = next<int (*)(const char*, int, ...)>(#name); \
    va_list rest;                                                         \
    va_start(rest, flags);                                                \
    const mode_t mode = mode_of(flags, rest);                             \
    va_end(rest);                                                         \
    return open_as(real, path, flags, mode);                              \
  }

STALL_OPEN(open)
STALL_OPEN(open64)

#undef STALL_OPEN
}
// NOLINTEND(cert-dcl50-cpp,readability-inconsistent-declaration-parameter-name)
