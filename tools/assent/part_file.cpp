#include "tools/assent/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "crypto/sha256.h"

namespace assent {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;
constexpr mode_t kMode = S_IRUSR | S_IWUSR;

Error failed(const std::string& doing, const std::filesystem::path& path) {
  return os_error(doing + " " + path.string(), errno);
}

Result<void> remove_if_there(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path);
  return {};
}

}  // namespace

Result<void> PartFile::reopen(const char* mode) {
  file_.reset();
  const bool anew = std::string_view(mode) == "wb";
  const int fd = ::open(part().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (anew ? O_TRUNC : O_APPEND), kMode);
  if (fd < 0) return failed("open", part());
  struct stat found {};
  if (::fstat(fd, &found) != 0 || ::fchmod(fd, kMode) != 0) {
    const Error error = failed("open", part());
    (void)::close(fd);
    return error;
  }
  size_bytes_ = static_cast<std::uint64_t>(found.st_size);
  file_.reset(::fdopen(fd, anew ? "wb" : "ab"));
  if (!file_) {
    (void)::close(fd);
    return failed("open", part());
  }
  return {};
}

Result<PartFile> PartFile::open(const std::filesystem::path& path) {
  PartFile file(path);
  if (std::ifstream said(file.job_file()); said) {
    std::string job;
    std::getline(said, job);
    file.job_ = job;
  }
  if (!file.job_) return file;
  if (auto opened = file.reopen("ab"); !opened) return opened.error();
  return file;
}

Result<void> PartFile::begin(const std::string& job) {
  if (auto opened = reopen("wb"); !opened) return opened;
  job_ = job;
  std::ofstream said(job_file(), std::ios::trunc);
  said << job << "\n";
  said.flush();
  if (!said) return failed("write", job_file());
  return {};
}

Result<void> PartFile::write(ByteView bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return failed("write", part());
  size_bytes_ += bytes.size();
  return {};
}

Result<std::string> PartFile::sha256() {
  if (std::fflush(file_.get()) != 0) return failed("write", part());
  const std::unique_ptr<std::FILE, Close> reading(std::fopen(part().c_str(), "rb"));
  if (!reading) return failed("read", part());
  Sha256 digest;
  Bytes piece(kPieceBytes);
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), reading.get())) {
    digest.update(ByteView(piece).first(got));
  }
  if (std::ferror(reading.get()) != 0) return failed("read", part());
  return to_hex(digest.finish());
}

Result<void> PartFile::finish() {
  if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0) return failed("write", part());
  file_.reset();
  if (::rename(part().c_str(), path_.c_str()) != 0) return failed("write", path_);
  job_.reset();
  return remove_if_there(job_file());
}

Result<void> PartFile::forget() {
  file_.reset();
  job_.reset();
  size_bytes_ = 0;
  if (auto removed = remove_if_there(part()); !removed) return removed;
  return remove_if_there(job_file());
}

}  // namespace assent
