#include "crypto/file_root_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/small_file.h"
#include "crypto/guarded_file.h"
#include "crypto/hkdf.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::string_view kPrefix = "assent-root-key-1 ";
constexpr std::string_view kHalf = "#ssent-root-key-1 ";  // a line that is being written, or being written over
constexpr std::string_view kGone = "# gone ";
constexpr std::size_t kHexDigits = 2 * SecretKey::kBytes;
constexpr std::size_t kNumberDigits = 6;
constexpr std::size_t kLineBytes = kPrefix.size() + kHexDigits + 1 + kNumberDigits;
constexpr std::size_t kMostFileBytes = 4096;

constexpr std::string_view kTeaching =
    "# The root key of an assent installation. Every recording made here opens, in the end, with this line alone:\n"
    "# who has it and the catalog can hear everything; who loses it can hear nothing, ever again.\n"
    "# Keep it 0600 and owned by the user assent runs as, keep one copy offline, and never beside a copy of the "
    "catalog.\n"
    "# `assent keys rotate` replaces it here, in this file: then replace your copy, too, and destroy the old one.\n";

KeyId id_of(const SecretKey& key) {
  const SecretKey derived = derive(key, "root key id");
  return *id_from_bytes<KeyId>(derived.reveal().first<16>());
}

struct Root {
  explicit Root(SecretKey secret) : key(std::move(secret)), id(id_of(key)) {}

  SecretKey key;
  KeyId id;
  std::uint32_t number = 1;
  std::size_t offset = 0;  // of its line in the file
  std::size_t bytes = 0;   // of the line, without its end
};

Error refuse(Errc code, const std::filesystem::path& path, std::string_view why) {
  return error(code, "root key " + path.string() + ": " + std::string(why));
}

// A line that holds a root: none when it is of another shape.
std::optional<Root> parse_line(std::string_view line, std::size_t offset) {
  if (line.size() < kPrefix.size() + kHexDigits || line.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  const std::string_view number = line.substr(kPrefix.size() + kHexDigits);
  if (!number.empty() && (line.size() != kLineBytes || number.front() != ' ')) return std::nullopt;
  auto bytes = from_hex(line.substr(kPrefix.size(), kHexDigits));
  if (!bytes) return std::nullopt;
  auto key = SecretKey::from_bytes(*bytes);
  wipe(*bytes);
  if (!key) return std::nullopt;
  Root root(*std::move(key));
  root.offset = offset;
  root.bytes = line.size();
  if (number.empty()) return root;
  const auto [end, code] = std::from_chars(number.data() + 1, number.data() + number.size(), root.number);
  if (code != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return root;
}

// `each` gets a line and where it begins.
template <typename Each>
void for_each_line(std::string_view text, Each each) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    each(text.substr(begin, end - begin), begin);
    begin = end + 1;
  }
}

// The roots in a file's text, the oldest first.
Result<std::vector<Root>> parse(const std::filesystem::path& path, std::string_view text) {
  const Error shape = refuse(
      Errc::invalid, path,
      "it must have one line \"assent-root-key-1 \" and 64 hex digits besides comments (two, with their numbers, while "
      "keys are rotated); restore it from your copy (or delete it, if this was the very first start and nothing has "
      "been "
      "recorded)");
  if (text.size() >= kMostFileBytes) return shape;
  std::vector<Root> roots;
  bool is_right = true;
  for_each_line(text, [&](std::string_view line, std::size_t offset) {
    if (line.empty() || line.front() == '#') return;
    auto root = parse_line(line, offset);
    if (root)
      roots.push_back(*std::move(root));
    else
      is_right = false;
  });
  if (!is_right || roots.empty() || roots.size() > 2) return shape;
  std::sort(roots.begin(), roots.end(), [](const Root& a, const Root& b) { return a.number < b.number; });
  if (roots.size() == 2 && roots[0].number == roots[1].number) return shape;
  return roots;
}

// The text of the file in memory that is wiped.
class FileText {
 public:
  FileText() = default;
  FileText(const FileText&) = delete;
  FileText& operator=(const FileText&) = delete;
  ~FileText() { wipe({reinterpret_cast<std::uint8_t*>(bytes_.data()), bytes_.size()}); }

  Result<void> read(const OpenFile& file, const std::filesystem::path& path) {
    const auto size = read_whole(file, bytes_, "read root key " + path.string());
    if (!size) return size.error();
    size_ = *size;
    return {};
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMostFileBytes> bytes_{};
  std::size_t size_ = 0;
};

// A root's line, in memory that is wiped.
class Line {
 public:
  Line(const SecretKey& key, std::uint32_t number) {
    std::string hex = to_hex(key.reveal());
    text_.reserve(kLineBytes);
    std::string digits = std::to_string(number);
    digits.insert(0, kNumberDigits - std::min(digits.size(), kNumberDigits), '0');
    text_.append(kPrefix).append(hex).append(" ").append(digits);
    wipe(hex);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { wipe(text_); }
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

// Durable when it returns.
Result<void> write_at(const std::filesystem::path& path, const OpenFile& file, std::string_view text,
                      std::size_t offset) {
  while (!text.empty()) {
    const ssize_t wrote = ::pwrite(file.fd, text.data(), text.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return os_error("write root key " + path.string(), errno);
    text.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::size_t>(wrote);
  }
  if (::fsync(file.fd) != 0) return os_error("sync root key " + path.string(), errno);
  return {};
}

Result<void> sync_folder_of(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const OpenFile opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.fd < 0 || ::fsync(opened.fd) != 0) return os_error("sync folder " + folder.string(), errno);
  return {};
}

Result<void> check_opened(const std::filesystem::path& path, int fd) {
  if (fd < 0 && errno == ENOENT) return refuse(Errc::not_found, path, "there is no such file");
  if (fd < 0 && errno == ELOOP) return refuse(Errc::denied, path, "is a symbolic link; name the key file itself");
  if (fd < 0) return os_error("open root key " + path.string(), errno);
  return check_guarded(fd, "root key " + path.string(), "make a new installation");
}

constexpr int kOpenFlags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

Result<std::vector<Root>> read_roots(const std::filesystem::path& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | kOpenFlags));
  if (auto opened = check_opened(path, file.fd); !opened) return opened.error();
  FileText text;
  if (auto read = text.read(file, path); !read) return read.error();
  return parse(path, text.view());
}

// Where a line of a root fits: in the place of one that is gone, or at the end.
std::size_t free_place(std::string_view text) {
  std::size_t place = text.size();
  for_each_line(text, [&](std::string_view line, std::size_t offset) {
    if (line.size() == kLineBytes && line.substr(0, kGone.size()) == kGone) place = std::min(place, offset);
  });
  return place;
}

// A comment of the same length; what was there does not come back.
Result<void> write_over(const std::filesystem::path& path, const OpenFile& file, std::size_t offset,
                        std::size_t bytes) {
  if (auto wrote = write_at(path, file, "#", offset); !wrote) return wrote;
  std::string gone(kGone);
  gone.resize(bytes, '.');
  return write_at(path, file, gone, offset);
}

}  // namespace

struct FileRootKey::Roots {
  mutable std::mutex mutex;
  std::vector<Root> oldest_first;
};

FileRootKey::FileRootKey(std::filesystem::path path, std::unique_ptr<Roots> roots)
    : path_(std::move(path)), roots_(std::move(roots)) {}
FileRootKey::FileRootKey(FileRootKey&&) noexcept = default;
FileRootKey::~FileRootKey() = default;

Result<FileRootKey> FileRootKey::open(const std::filesystem::path& path) {
  auto read = read_roots(path);
  if (!read) return read.error();
  auto roots = std::make_unique<Roots>();
  roots->oldest_first = *std::move(read);
  return FileRootKey(path, std::move(roots));
}

Result<FileRootKey> FileRootKey::create(const std::filesystem::path& path) {
  const OpenFile file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd < 0 && errno == EEXIST) return refuse(Errc::conflict, path, "is there already; it is never overwritten");
  if (file.fd < 0) return os_error("create root key " + path.string(), errno);
  Root root(SecretKey::random());
  root.offset = kTeaching.size();
  root.bytes = kLineBytes;
  const Line line(root.key, root.number);
  Result<void> written = write_at(path, file, kTeaching, 0);
  if (written) written = write_at(path, file, line.view(), root.offset);
  if (written) written = write_at(path, file, "\n", root.offset + root.bytes);
  if (written) written = sync_folder_of(path);
  if (!written) {
    ::unlink(path.c_str());
    return written.error();
  }
  auto roots = std::make_unique<Roots>();
  roots->oldest_first.push_back(std::move(root));
  return FileRootKey(path, std::move(roots));
}

Result<FileRootKey> FileRootKey::open_or_create(const std::filesystem::path& path) {
  auto opened = open(path);
  if (opened || opened.error().code != Errc::not_found) return opened;
  return create(path);
}

std::string FileRootKey::describe() const { return "file " + path_.string(); }

// ---- wrapping -----------------------------------------------------------------------------------------------------

KeyId FileRootKey::root_id() const {
  const std::lock_guard lock(roots_->mutex);
  return roots_->oldest_first.back().id;
}

Result<WrappedKey> FileRootKey::wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const {
  const std::lock_guard lock(roots_->mutex);
  const Root& root = roots_->oldest_first.back();
  return wrap_key(root.key, root.id, KeyKind::epoch, epoch_id, epoch_key);
}

Result<SecretKey> FileRootKey::unwrap_epoch(const WrappedKey& wrapped) const {
  const std::lock_guard lock(roots_->mutex);
  auto& roots = roots_->oldest_first;
  const auto wraps = [&](const Root& root) { return wrapped.kind == KeyKind::epoch && root.id == wrapped.parent; };
  auto root = std::find_if(roots.begin(), roots.end(), wraps);
  if (root == roots.end()) {
    if (auto again = read_roots(path_)) roots = *std::move(again);
    root = std::find_if(roots.begin(), roots.end(), wraps);
  }
  if (root != roots.end()) return unwrap_key(root->key, wrapped);
  return error(Errc::corrupt, std::string(name_of(wrapped.kind)) + " key " + to_text(wrapped.id) +
                                  " was wrapped under root " + to_text(wrapped.parent) + ", and " + describe() +
                                  " holds root " + to_text(roots.back().id) +
                                  "; give the root key file that belongs to this state");
}

// ---- replacing ----------------------------------------------------------------------------------------------------

Result<void> FileRootKey::add_root() {
  const std::lock_guard lock(roots_->mutex);
  auto& roots = roots_->oldest_first;
  if (roots.size() > 1) return {};
  const OpenFile file(::open(path_.c_str(), O_RDWR | kOpenFlags));
  if (auto opened = check_opened(path_, file.fd); !opened) return opened;
  FileText text;
  if (auto read = text.read(file, path_); !read) return read;
  Root root(SecretKey::random());
  root.number = roots.back().number + 1;
  root.offset = free_place(text.view());
  root.bytes = kLineBytes;
  const bool is_at_end = root.offset == text.view().size();
  if (is_at_end && text.view().size() + kLineBytes + 2 >= kMostFileBytes) {
    return refuse(Errc::exhausted, path_, "has no room for another line: take comments out of it");
  }
  if (is_at_end && !text.view().empty() && text.view().back() != '\n') {
    if (auto wrote = write_at(path_, file, "\n", root.offset); !wrote) return wrote;
    ++root.offset;
  }
  const Line line(root.key, root.number);
  // A comment until all of it is there.
  if (auto wrote = write_at(path_, file, "#", root.offset); !wrote) return wrote;
  if (auto wrote = write_at(path_, file, line.view().substr(1), root.offset + 1); !wrote) return wrote;
  if (is_at_end) {
    if (auto wrote = write_at(path_, file, "\n", root.offset + root.bytes); !wrote) return wrote;
  }
  if (auto wrote = write_at(path_, file, line.view().substr(0, 1), root.offset); !wrote) return wrote;
  roots.push_back(std::move(root));
  return {};
}

Result<void> FileRootKey::drop_old_roots() {
  const std::lock_guard lock(roots_->mutex);
  auto& roots = roots_->oldest_first;
  const OpenFile file(::open(path_.c_str(), O_RDWR | kOpenFlags));
  if (auto opened = check_opened(path_, file.fd); !opened) return opened;
  while (roots.size() > 1) {
    if (auto over = write_over(path_, file, roots.front().offset, roots.front().bytes); !over) return over;
    roots.erase(roots.begin());
  }
  // What a crash left half written, or half written over.
  FileText text;
  if (auto read = text.read(file, path_); !read) return read;
  Result<void> cleaned;
  for_each_line(text.view(), [&](std::string_view line, std::size_t offset) {
    const bool is_half = line.substr(0, kHalf.size()) == kHalf;
    const bool is_torn =
        line.substr(0, kGone.size()) == kGone && line.find_first_not_of('.', kGone.size()) != line.npos;
    if (cleaned && (is_half || is_torn)) cleaned = write_over(path_, file, offset, line.size());
  });
  return cleaned;
}

}  // namespace assent
