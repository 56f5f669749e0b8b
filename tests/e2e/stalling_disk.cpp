// A disk that stalls, for tests: preloaded into a program (LD_PRELOAD), it makes every call that writes to a disk wait
// for as long as the file named by ASSENT_STALL is there. What was asked for happens afterwards, as it does when a disk
// comes back. Reads go on: what is read was written lately, and is in the page cache.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>

namespace {

constexpr useconds_t kLookEveryUs = 2000;

void wait_while_stalled() {
  static const char* const file = std::getenv("ASSENT_STALL");
  if (file == nullptr) return;
  while (access(file, F_OK) == 0) usleep(kLookEveryUs);
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// Only what is made is made on the disk; what is opened may be anything.
template <typename Open, typename... Arguments>
int open_as(Open open, int flags, mode_t mode, Arguments... before) {
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) wait_while_stalled();
  return open(before..., flags, mode);
}

mode_t mode_of(int flags, va_list rest) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0; }

}  // namespace

// NOLINTBEGIN(cert-dcl50-cpp,readability-inconsistent-declaration-parameter-name)
extern "C" {

#define STALL(type, name, parameters, ...)                    \
  type name parameters {                                      \
    static const auto real = next<type(*) parameters>(#name); \
    wait_while_stalled();                                     \
    return real(__VA_ARGS__);                                 \
  }

STALL(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), fd, data, size, at)
STALL(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at), fd, data, size, at)
STALL(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at), fd, parts, count, at)
STALL(ssize_t, pwritev64, (int fd, const iovec* parts, int count, off64_t at), fd, parts, count, at)
STALL(int, fdatasync, (int fd), fd)
STALL(int, fsync, (int fd), fd)
STALL(int, fallocate, (int fd, int mode, off_t at, off_t size), fd, mode, at, size)
STALL(int, fallocate64, (int fd, int mode, off64_t at, off64_t size), fd, mode, at, size)
STALL(int, ftruncate, (int fd, off_t size) noexcept, fd, size)
STALL(int, ftruncate64, (int fd, off64_t size) noexcept, fd, size)
STALL(int, rename, (const char* from, const char* to) noexcept, from, to)
STALL(int, unlink, (const char* path) noexcept, path)
STALL(int, linkat, (int from, const char* path, int to, const char* name, int flags) noexcept, from, path, to, name,
      flags)

#undef STALL

#define STALL_OPEN(name)                                                  \
  int name(const char* path, int flags, ...) {                            \
    static const auto real = next<int (*)(const char*, int, ...)>(#name); \
    va_list rest;                                                         \
    va_start(rest, flags);                                                \
    const mode_t mode = mode_of(flags, rest);                             \
    va_end(rest);                                                         \
    return open_as(real, flags, mode, path);                              \
  }

STALL_OPEN(open)
STALL_OPEN(open64)

#undef STALL_OPEN
}
// NOLINTEND(cert-dcl50-cpp,readability-inconsistent-declaration-parameter-name)
