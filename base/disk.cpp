#include "base/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace assent {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;
constexpr std::size_t kPartsPerWrite = 256;  // far below IOV_MAX; a longer list is a short write
constexpr std::array<std::uint8_t, std::size_t{64} * 1024> kZeros{};
constexpr std::size_t kBlankParts = 16;  // a mebibyte a write

Errc code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT: return Errc::not_found;
    case EEXIST:
    case ENOTEMPTY: return Errc::conflict;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE: return Errc::exhausted;
    case EOPNOTSUPP: return Errc::unsupported;
    default: return Errc::io;
  }
}

Error failure(const char* doing, const fs::path& path, int errno_value) {
  Error error = os_error(std::string(doing) + ' ' + path.string(), errno_value);
  error.code = code_of(errno_value);
  return error;
}

// Repeats a system call that a signal interrupted.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class RealFile final : public DiskFile {
 public:
  RealFile(int fd, fs::path path) : fd_(fd), path_(std::move(path)) {}
  ~RealFile() override { ::close(fd_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<std::size_t> write_at(std::uint64_t offset_bytes, std::span<const ByteView> parts) override {
    std::array<iovec, kPartsPerWrite> vectors;
    const std::size_t count = std::min(parts.size(), vectors.size());
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i] = {const_cast<std::uint8_t*>(parts[i].data()), parts[i].size()};  // pwritev only reads
    }
    const auto written = uninterrupted(
        [&] { return ::pwritev(fd_, vectors.data(), static_cast<int>(count), static_cast<off_t>(offset_bytes)); });
    if (written < 0) return failure("write", path_, errno);
    return static_cast<std::size_t>(written);
  }

  Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) const override {
    std::size_t done = 0;
    while (done < to.size()) {
      const auto got = uninterrupted(
          [&] { return ::pread(fd_, to.data() + done, to.size() - done, static_cast<off_t>(offset_bytes + done)); });
      if (got < 0) return failure("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  void start_writing() override { (void)::sync_file_range(fd_, 0, 0, SYNC_FILE_RANGE_WRITE); }

  Result<void> hand_over() override {
    constexpr auto kWrittenOut = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    if (::sync_file_range(fd_, 0, 0, kWrittenOut) == 0) return {};
    return errno == ENOSYS || errno == ESPIPE ? sync_data() : failure("write out", path_, errno);
  }

  Result<void> sync_data() override {
    // Not repeated, not even when interrupted: the next call may report success for what was lost.
    if (::fdatasync(fd_) != 0) return failure("sync", path_, errno);
    return {};
  }

  Result<void> sync() override {
    if (::fsync(fd_) != 0) return failure("sync", path_, errno);
    return {};
  }

  Result<void> allocate(std::uint64_t size_bytes) override {
    const auto size = static_cast<off_t>(size_bytes);
    if (uninterrupted([&] { return ::fallocate(fd_, 0, 0, size); }) == 0) return {};
    if (errno != EOPNOTSUPP) return failure("reserve space for", path_, errno);
    if (::ftruncate(fd_, size) != 0) return failure("reserve space for", path_, errno);
    return {};
  }

  Result<void> blank(const FileExtent& extent) override {
    std::uint64_t done = 0;
    while (done < extent.size_bytes) {
      std::array<ByteView, kBlankParts> parts;
      std::size_t count = 0;
      for (std::uint64_t at = done; at < extent.size_bytes && count < parts.size(); at += parts[count++].size()) {
        parts[count] = ByteView(kZeros).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(extent.size_bytes - at, kZeros.size())));
      }
      auto written = write_at(extent.offset_bytes + done, std::span(parts).first(count));
      if (!written) return written.error();
      if (*written == 0) return error(Errc::io, "blank " + path_.string() + ": nothing was written");
      done += *written;
    }
    return {};
  }

  Result<std::uint64_t> size_bytes() const override {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return failure("look at", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  int fd_;
  fs::path path_;
};

Result<std::unique_ptr<DiskFile>> open_file(const char* doing, const fs::path& path, int flags) {
  const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kFileMode); });
  if (fd < 0) return failure(doing, path, errno);
  return std::unique_ptr<DiskFile>(std::make_unique<RealFile>(fd, path));
}

FolderEntry::Kind kind_of(const fs::directory_entry& entry) {
  std::error_code ignored;  // what vanished meanwhile is `other`
  const auto type = entry.symlink_status(ignored).type();
  if (type == fs::file_type::regular) return FolderEntry::Kind::file;
  return type == fs::file_type::directory ? FolderEntry::Kind::folder : FolderEntry::Kind::other;
}

}  // namespace

Result<std::unique_ptr<DiskFile>> RealDisk::create(const fs::path& path) {
  return open_file("create", path, O_RDWR | O_CREAT | O_EXCL);
}

Result<std::unique_ptr<DiskFile>> RealDisk::open(const fs::path& path, FileAccess access) {
  return open_file("open", path, access == FileAccess::read ? O_RDONLY : O_RDWR);
}

Result<void> RealDisk::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename", from, errno);
  return {};
}

Result<void> RealDisk::remove(const fs::path& path) {
  if (::unlink(path.c_str()) != 0) return failure("remove", path, errno);
  return {};
}

Result<void> RealDisk::make_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), kFolderMode) != 0) return failure("make folder", path, errno);
  return {};
}

Result<void> RealDisk::remove_folder(const fs::path& path) {
  if (::rmdir(path.c_str()) != 0) return failure("remove folder", path, errno);
  return {};
}

Result<void> RealDisk::sync_folder(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure("open folder", path, errno);
  const int synced = ::fsync(fd);
  const int why = errno;
  ::close(fd);
  if (synced != 0) return failure("sync folder", path, why);
  return {};
}

Result<std::vector<FolderEntry>> RealDisk::list(const fs::path& folder) {
  std::vector<FolderEntry> entries;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    entries.push_back({at->path().filename().string(), kind_of(*at)});
  }
  if (failed) return failure("list", folder, failed.value());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

Result<bool> RealDisk::exists(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return failure("look at", path, errno);
}

Result<DiskSpace> RealDisk::space(const fs::path& folder) {
  struct statvfs status {};
  if (uninterrupted([&] { return ::statvfs(folder.c_str(), &status); }) != 0) {
    return failure("look at the space of", folder, errno);
  }
  const std::uint64_t unit = status.f_frsize;
  return DiskSpace{status.f_bavail * unit, status.f_blocks * unit};
}

Result<void> blank_file(DiskFile& file) {
  const auto size = file.size_bytes();
  if (!size) return size.error();
  Bytes buffer(kZeros.size());
  for (std::uint64_t at = 0; at < *size; at += buffer.size()) {
    const auto got = file.read_at(at, buffer);
    if (!got) return got.error();
    if (std::memcmp(buffer.data(), kZeros.data(), *got) == 0) continue;
    if (auto blanked = file.blank({at, *got}); !blanked) return blanked;
  }
  return file.sync_data();
}

Result<void> make_folders(Disk& disk, const fs::path& path) {
  auto there = disk.exists(path);
  if (!there) return there.error();
  if (*there) return {};
  const fs::path parent = path.parent_path();
  if (!parent.empty() && parent != path) {
    if (auto made = make_folders(disk, parent); !made) return made.error();
  }
  // Another thread may have made it in the meantime; it may not have synced the parent yet, so that is done all the
  // same.
  if (auto made = disk.make_folder(path); !made && made.error().code != Errc::conflict) return made.error();
  return disk.sync_folder(parent.empty() ? fs::path(".") : parent);
}

}  // namespace assent
