#include "tools/assent/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace assent {
namespace {

Error taken(const std::filesystem::path& path) {
  return error(Errc::conflict, path.string() + " exists already: give another name");
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
  if (path == "-") return OutputFile(path, {}, stdout);
  auto beside = path;
  beside += ".part";
  // O_NOFOLLOW: in a folder that others may write to, the name could be somebody's link.
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return os_error("create " + beside.string(), errno);
  std::FILE* file = fdopen(fd, "wb");
  if (file == nullptr) {
    const int why = errno;
    close(fd);
    return os_error("create " + beside.string(), why);
  }
  return OutputFile(path, std::move(beside), file);
}

Result<OutputFile> OutputFile::create_new(const std::filesystem::path& path) {
  std::error_code unreadable;
  const auto there = std::filesystem::symlink_status(path, unreadable);
  if (path != "-" && std::filesystem::exists(there)) return taken(path);
  auto file = create(path);
  if (file) file->existing_ = Existing::keep;
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      beside_(std::move(other.beside_)),
      file_(std::exchange(other.file_, nullptr)),
      existing_(other.existing_) {}

OutputFile::~OutputFile() {
  if (file_ == nullptr || is_standard_output()) return;
  std::fclose(file_);
  unlink(beside_.c_str());
}

Result<void> OutputFile::write(ByteView bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return {};
  return os_error("write " + path_.string(), errno);
}

Result<void> OutputFile::finish() {
  if (std::fflush(file_) != 0) return os_error("write " + path_.string(), errno);
  std::FILE* file = std::exchange(file_, nullptr);
  if (is_standard_output()) return {};
  const bool is_kept = existing_ == Existing::keep;
  const unsigned flags = is_kept ? RENAME_NOREPLACE : 0;
  if (std::fclose(file) != 0 || renameat2(AT_FDCWD, beside_.c_str(), AT_FDCWD, path_.c_str(), flags) != 0) {
    const int why = errno;
    unlink(beside_.c_str());
    return is_kept && why == EEXIST ? taken(path_) : os_error("write " + path_.string(), why);
  }
  return {};
}

}  // namespace assent
