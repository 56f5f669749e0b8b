#include "pipelines/secret_text.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/small_file.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

using Use = std::function<void(std::string_view)>;

Error refuse(Errc code, const std::string& owner, const std::string& why) {
  return error(code, "the secret of " + owner + ": " + why);
}

Result<void> use_text(const std::string& owner, const std::string& place, std::string_view text,
                      Bounds<std::size_t> bytes, const Use& use) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() < bytes.least || text.size() > bytes.most) {
    return refuse(Errc::invalid, owner,
                  place + " must hold " + std::to_string(bytes.least) + " to " + std::to_string(bytes.most) +
                      " bytes, such as `openssl rand -hex 32` makes");
  }
  use(text);
  return {};
}

Result<void> use_file(const std::string& owner, const std::filesystem::path& path, Bounds<std::size_t> bytes,
                      const Use& use) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.fd < 0 && errno == ENOENT) return refuse(Errc::not_found, owner, "there is no file " + path.string());
  if (file.fd < 0) return os_error("open the secret of " + owner + ", " + path.string(), errno);
  struct stat about {};
  if (::fstat(file.fd, &about) != 0) return os_error("look at " + path.string(), errno);
  if (!S_ISREG(about.st_mode) || (about.st_mode & 077) != 0) {
    return refuse(Errc::denied, owner,
                  path.string() + " must be a file that only its owner may read: chmod 600 " + path.string());
  }
  std::array<char, limits::kWebhookSecretBytesMax + 3> text;  // with a line's end, and one byte too many
  const auto size = read_whole(file, text, "read " + path.string());
  if (!size) return size.error();
  auto used = use_text(owner, path.string(), {text.data(), *size}, bytes, use);
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), *size});
  return used;
}

}  // namespace

Result<void> use_secret(const std::string& owner, const pipeline::SecretPlace& place, const StateFolder& state,
                        Bounds<std::size_t> bytes, const Use& use) {
  if (place.kind == pipeline::SecretPlace::Kind::file) {
    return use_file(owner, state.webhook_secret(place.where), bytes, use);
  }
  const char* value = std::getenv(place.where.c_str());
  if (value == nullptr) return refuse(Errc::not_found, owner, "the variable " + place.where + " is not set");
  return use_text(owner, "the variable " + place.where, value, bytes, use);
}

}  // namespace assent
