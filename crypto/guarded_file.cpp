#include "crypto/guarded_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace assent {

Result<void> check_guarded(int fd, const std::string& name, std::string_view if_copied) {
  const auto refuse = [&](const std::string& why) { return error(Errc::denied, name + ": " + why); };
  struct stat about {};
  if (::fstat(fd, &about) != 0) return os_error("look at " + name, errno);
  if (!S_ISREG(about.st_mode)) return refuse("not a regular file; name the file itself");
  if (about.st_uid != ::geteuid()) {
    return refuse("belongs to uid " + std::to_string(about.st_uid) + " but assent runs as uid " +
                  std::to_string(::geteuid()) + "; chown it to that user, or run as its owner");
  }
  if ((about.st_mode & 077) != 0) {
    return refuse("others than its owner can reach it; if nobody has copied it, chmod 600 it, else " +
                  std::string(if_copied));
  }
  return {};
}

}  // namespace assent
