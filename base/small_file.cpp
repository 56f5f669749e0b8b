#include "base/small_file.h"

#include <unistd.h>

#include <cerrno>

namespace assent {

OpenFile::~OpenFile() {
  if (fd >= 0) ::close(fd);
}

Result<std::size_t> read_whole(const OpenFile& file, std::span<char> to, const std::string& doing) {
  std::size_t size = 0;
  while (size < to.size()) {
    const ssize_t got = ::read(file.fd, to.data() + size, to.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_error(doing, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

}  // namespace assent
