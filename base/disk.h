// Disk: the few file operations that durable storage is made of, as a seam between the code that must survive a failing
// disk and the disk. RealDisk is Linux; the tests have one that fails, tears and loses power on purpose.
//
// It decides nothing: no retries, no names, no order of syncs. In particular a failed sync is reported once and never
// repeated here (the kernel may have dropped the pages and forgotten the error); whoever called abandons the file.
//
// Files are made with mode 0600, folders 0700. Offsets and sizes in bytes. Disk: any thread. DiskFile: any thread for
// reading; writes and syncs from one thread at a time. Errors: Errc::not_found, Errc::conflict (it is there already, a
// folder is not empty), Errc::exhausted (no space, quota), Errc::unsupported (this file system cannot), Errc::io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

struct FileExtent {
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
  constexpr auto operator<=>(const FileExtent&) const = default;
};

// An open file; closed when it dies.
class DiskFile {
 public:
  virtual ~DiskFile() = default;

  // Writes the parts one after the other from `offset_bytes` on; returns how many bytes got there, which may be fewer.
  virtual Result<std::size_t> write_at(std::uint64_t offset_bytes, std::span<const ByteView> parts) = 0;
  // Fills as much of `to` as the file has from there; less only at its end.
  virtual Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) const = 0;
  // Lets the writing begin, and promises nothing: a later sync waits less.
  virtual void start_writing() = 0;
  // Waits until the device has what was written, on blocks that the file has had since an earlier sync. It is durable
  // when any file of the file system has been synced after that: of many files, each but the last costs no sync.
  virtual Result<void> hand_over() = 0;
  virtual Result<void> sync_data() = 0;  // fdatasync
  virtual Result<void> sync() = 0;       // fsync
  // Reserves space so that writes below `size_bytes` find it; what was not written reads as zeros.
  virtual Result<void> allocate(std::uint64_t size_bytes) = 0;
  // Writes zeros over it where it lies. After the next sync the medium has them; that is what a hole, or removing the
  // file, does not do: they only give back blocks, with all that is in them.
  virtual Result<void> blank(const FileExtent& extent) = 0;
  virtual Result<std::uint64_t> size_bytes() const = 0;
};

enum class FileAccess { read, read_write };

struct FolderEntry {
  std::string name;
  enum class Kind { file, folder, other } kind = Kind::file;
};

// Of a file system.
struct DiskSpace {
  std::uint64_t free_bytes = 0;  // for this process, which has no part in what is kept for the superuser
  std::uint64_t total_bytes = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<DiskFile>> create(const std::filesystem::path& path) = 0;  // must not exist
  virtual Result<std::unique_ptr<DiskFile>> open(const std::filesystem::path& path, FileAccess access) = 0;
  // Replaces what is there. Both within one file system.
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  virtual Result<void> make_folder(const std::filesystem::path& path) = 0;  // its parent exists
  virtual Result<void> remove_folder(const std::filesystem::path& path) = 0;
  virtual Result<void> sync_folder(const std::filesystem::path& path) = 0;
  virtual Result<std::vector<FolderEntry>> list(const std::filesystem::path& folder) = 0;  // by name
  virtual Result<bool> exists(const std::filesystem::path& path) = 0;
  virtual Result<DiskSpace> space(const std::filesystem::path& folder) = 0;
};

class RealDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> create(const std::filesystem::path& path) override;
  Result<std::unique_ptr<DiskFile>> open(const std::filesystem::path& path, FileAccess access) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> make_folder(const std::filesystem::path& path) override;
  Result<void> remove_folder(const std::filesystem::path& path) override;
  Result<void> sync_folder(const std::filesystem::path& path) override;
  Result<std::vector<FolderEntry>> list(const std::filesystem::path& folder) override;
  Result<bool> exists(const std::filesystem::path& path) override;
  Result<DiskSpace> space(const std::filesystem::path& folder) override;
};

// Blanks all of a file that has something else than zeros in it, and makes that durable. What reads as zeros it leaves,
// and space that was reserved and never written so as it is.
Result<void> blank_file(DiskFile& file);

// Makes every missing folder down to `path` and syncs the parent of each one made, so that they survive a power loss.
Result<void> make_folders(Disk& disk, const std::filesystem::path& path);

}  // namespace assent
