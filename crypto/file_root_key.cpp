#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/small_file.h"
#include "crypto/hkdf.h"
#include "crypto/key_provider.h"
#include "crypto/wipe.h"

namespace assent {

namespace {

constexpr std::string_view kPrefix = "assent-root-key-1 ";
constexpr std::size_t kHexDigits = 2 * SecretKey::kBytes;
constexpr std::size_t kMostFileBytes = 4096;

constexpr std::string_view kTeaching =
    "# The root key of an assent installation. Every recording made here opens, in the end, with this line alone:\n"
    "# who has it and the catalog can hear everything; who loses it can hear nothing, ever again.\n"
    "# Keep it 0600 and owned by the user assent runs as, keep one copy offline, and never beside a copy of the "
    "catalog.\n";

Error refuse(Errc code, const std::filesystem::path& path, std::string_view why) {
  return error(code, "root key " + path.string() + ": " + std::string(why));
}

Result<void> check_guarded(const std::filesystem::path& path, int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return os_error("look at root key " + path.string(), errno);
  if (!S_ISREG(about.st_mode)) return refuse(Errc::denied, path, "not a regular file; name the key file itself");
  if (about.st_uid != ::geteuid()) {
    return refuse(Errc::denied, path,
                  "belongs to uid " + std::to_string(about.st_uid) + " but assent runs as uid " +
                      std::to_string(::geteuid()) + "; chown it to that user, or run as its owner");
  }
  if ((about.st_mode & 077) != 0) {
    return refuse(Errc::denied, path,
                  "others than its owner can reach it; if nobody has copied it, chmod 600 it, else make a new "
                  "installation");
  }
  return {};
}

// The key line of a file's text: the only line that is neither empty nor a comment.
Result<SecretKey> parse(const std::filesystem::path& path, std::string_view text) {
  constexpr std::string_view kShape =
      "it must have one line \"assent-root-key-1 \" and 64 hex digits besides comments; restore it from your copy (or "
      "delete it, if this was the very first start and nothing has been recorded)";
  if (text.size() >= kMostFileBytes) return refuse(Errc::invalid, path, kShape);
  std::string_view found;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    if (!found.empty()) return refuse(Errc::invalid, path, kShape);
    found = line;
  }
  if (found.size() != kPrefix.size() + kHexDigits || found.substr(0, kPrefix.size()) != kPrefix) {
    return refuse(Errc::invalid, path, kShape);
  }
  auto bytes = from_hex(found.substr(kPrefix.size()));
  if (!bytes) return refuse(Errc::invalid, path, kShape);
  auto key = SecretKey::from_bytes(*bytes);
  wipe(*bytes);
  return key;
}

Result<void> write_all(const std::filesystem::path& path, int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return os_error("write root key " + path.string(), errno);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> write_durably(const std::filesystem::path& path, int fd, std::string_view text) {
  if (auto wrote = write_all(path, fd, text); !wrote) return wrote;
  if (::fsync(fd) != 0) return os_error("sync root key " + path.string(), errno);
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const OpenFile opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.fd < 0 || ::fsync(opened.fd) != 0) return os_error("sync folder " + folder.string(), errno);
  return {};
}

KeyId id_of(const SecretKey& key) {
  const SecretKey derived = derive(key, "root key id");
  return *id_from_bytes<KeyId>(derived.reveal().first<16>());
}

}  // namespace

FileRootKey::FileRootKey(std::filesystem::path path, SecretKey key)
    : path_(std::move(path)), key_(std::move(key)), id_(id_of(key_)) {}

Result<FileRootKey> FileRootKey::open(const std::filesystem::path& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.fd < 0 && errno == ENOENT) return refuse(Errc::not_found, path, "there is no such file");
  if (file.fd < 0 && errno == ELOOP) return refuse(Errc::denied, path, "is a symbolic link; name the key file itself");
  if (file.fd < 0) return os_error("open root key " + path.string(), errno);
  if (auto guarded = check_guarded(path, file.fd); !guarded) return guarded.error();
  std::array<char, kMostFileBytes> text;
  const auto size = read_whole(file, text, "read root key " + path.string());
  if (!size) return size.error();
  auto key = parse(path, {text.data(), *size});
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), *size});
  if (!key) return key.error();
  return FileRootKey(path, *std::move(key));
}

Result<FileRootKey> FileRootKey::create(const std::filesystem::path& path) {
  const OpenFile file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd < 0 && errno == EEXIST) return refuse(Errc::conflict, path, "is there already; it is never overwritten");
  if (file.fd < 0) return os_error("create root key " + path.string(), errno);
  auto key = SecretKey::random();
  std::string hex = to_hex(key.reveal());
  std::string text;
  text.reserve(kMostFileBytes);
  text.append(kTeaching).append(kPrefix).append(hex).append("\n");
  auto written = write_durably(path, file.fd, text);
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  wipe({reinterpret_cast<std::uint8_t*>(hex.data()), hex.size()});
  if (!written) {
    ::unlink(path.c_str());
    return written.error();
  }
  return FileRootKey(path, std::move(key));
}

Result<FileRootKey> FileRootKey::open_or_create(const std::filesystem::path& path) {
  auto opened = open(path);
  if (opened || opened.error().code != Errc::not_found) return opened;
  return create(path);
}

std::string FileRootKey::describe() const { return "file " + path_.string(); }

Result<WrappedKey> FileRootKey::wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const {
  return wrap_key(key_, id_, KeyKind::epoch, epoch_id, epoch_key);
}

Result<SecretKey> FileRootKey::unwrap_epoch(const WrappedKey& wrapped) const {
  if (wrapped.kind != KeyKind::epoch || wrapped.parent != id_) {
    return error(Errc::corrupt, std::string(name_of(wrapped.kind)) + " key " + to_text(wrapped.id) +
                                    " was wrapped under root " + to_text(wrapped.parent) + ", and " + describe() +
                                    " holds root " + to_text(id_) +
                                    "; give the root key file that belongs to this state");
  }
  return unwrap_key(key_, wrapped);
}

}  // namespace assent
