#include "crypto/pin_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "base/small_file.h"
#include "crypto/guarded_file.h"

namespace assent {
namespace {

constexpr std::size_t kMostPinBytes = 255;  // what modules take at most
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kRoomBytes = kMostPinBytes + kLineEnd.size() + 1;  // and one that shows there is more

// The PIN in a file's text: all of it but the line's end. 0: not one line.
std::size_t pin_bytes(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  const bool is_one_line = text.find_first_of(kLineEnd) == std::string_view::npos;
  return is_one_line && text.size() <= kMostPinBytes ? text.size() : 0;
}

Result<struct stat> check_opened(int fd, const std::string& name) {
  if (fd < 0 && errno == ENOENT) {
    return error(Errc::io, name + ": there is no such file; write the token's user PIN into it, with mode 0600");
  }
  if (fd < 0 && errno == ELOOP) return error(Errc::denied, name + ": is a symbolic link; name the file itself");
  if (fd < 0) return os_error("open " + name, errno);
  if (auto guarded = check_guarded(fd, name, "set another PIN on the token"); !guarded) return guarded.error();
  struct stat about {};
  if (::fstat(fd, &about) != 0) return os_error("look at " + name, errno);
  return about;
}

}  // namespace

PinFile::PinFile(std::filesystem::path path) : path_(std::move(path)) {}

Result<Pin> PinFile::read() const try {
  const std::string name = "PIN file " + path_.string();
  const OpenFile file(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const auto about = check_opened(file.fd, name);
  if (!about) return about.error();
  const std::timespec changed = about->st_ctim;
  if (refused_ && refused_->tv_sec == changed.tv_sec && refused_->tv_nsec == changed.tv_nsec) {
    return error(Errc::denied, name + ": the token has refused this PIN, and is not asked again until the file is " +
                                   "written, because tokens lock after a few wrong ones; put the right one in");
  }
  SecretBuffer buffer(kRoomBytes);
  const std::span<char> text(reinterpret_cast<char*>(buffer.reveal().data()), kRoomBytes);
  const auto size = read_whole(file, text, "read " + name);
  if (!size) return size.error();
  const std::size_t pin_size = pin_bytes({text.data(), *size});
  if (pin_size == 0) {
    return error(Errc::invalid, name + ": it must have one line, the token's user PIN, of at most " +
                                    std::to_string(kMostPinBytes) + " bytes");
  }
  return Pin(std::move(buffer), pin_size, changed);
} catch (const std::bad_alloc&) {
  return error(Errc::exhausted, "the memory reserved for keys is used up");
}

}  // namespace assent
