// FailingDisk: a disk in memory that does what disks do in the worst case, when a test says so or by seeded chance.
//
// What was written is volatile until synced, names are volatile until their folder is synced. At a power loss each
// 512-byte sector that was not synced is there or not, each name that was not synced is there or not. After a failed
// sync the written sectors read well until the power goes, are not on the disk, and later syncs report success.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include "base/disk.h"

namespace assent::test {

enum class DiskOp { create, open, write, read, sync, allocate, blank, rename, remove, folder, sync_folder, list };

class FailingDisk final : public Disk {
 public:
  FailingDisk();

  // The next `times` calls of `op`, after `skip` more that work, fail with `code`.
  void fail(DiskOp op, Errc code, int times = 1, int skip = 0);
  // Writes are cut to this many bytes, once each.
  void shorten_next_write(std::size_t bytes) { short_write_ = bytes; }
  void limit_space(std::uint64_t bytes) { space_ = bytes; }  // bytes that may be allocated or written from now on
  void report_free(std::uint64_t bytes) { free_ = bytes; }   // what it says is free, whatever may be written
  // With this probability, any operation that changes the disk fails (a write: or is short).
  void fail_by_chance(double probability, std::uint32_t seed);

  // After so many more operations that change the disk, the power is gone: nothing has an effect any more.
  void cut_power_after(std::uint64_t operations) { power_left_ = operations; }
  bool has_power() const { return !off_; }
  // The power is back: what was not durable is there in part.
  void restart(std::uint32_t seed);

  // For tests to look and to damage, on the disk as it reads now.
  bool has_file(const std::filesystem::path& path) const;
  Bytes content(const std::filesystem::path& path) const;
  void set_content(const std::filesystem::path& path, Bytes bytes);
  std::vector<std::string> names() const;  // of every file, full paths
  bool contains(ByteView needle) const;    // in any file that has a name
  bool remembers(ByteView needle) const;   // on the medium: in a file, or in blocks of one that was removed
  std::uint64_t syncs() const { return syncs_; }
  std::uint64_t operations() const { return operations_; }

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

 private:
  friend class FailingFile;
  struct Inode {
    Bytes now;
    Bytes durable;
    std::set<std::size_t> unsynced;  // sectors
    std::set<std::size_t> in_cache;  // of the device: durable when it is emptied
    bool is_folder = false;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct Fault {
    DiskOp op;
    Errc code;
    int times;
    int skip;
  };

  Result<void> allow(DiskOp op);  // the fault that is due, or power that is gone
  bool take_space(std::uint64_t bytes);
  void empty_cache();
  void lose_sectors(Inode& inode, std::mt19937& random);

  mutable std::mutex mutex_;
  Names now_;
  Names durable_;
  std::vector<std::shared_ptr<Inode>> handed_over_;  // to the device, whose cache no sync has emptied since
  std::vector<std::shared_ptr<Inode>> made_;         // files, whatever became of them
  std::vector<Fault> faults_;
  std::size_t short_write_ = SIZE_MAX;
  std::uint64_t space_ = UINT64_MAX;
  std::uint64_t free_ = UINT64_MAX;
  std::uint64_t power_left_ = UINT64_MAX;
  std::uint64_t syncs_ = 0;
  std::uint64_t operations_ = 0;
  double chance_ = 0;
  std::mt19937 random_{1};
  bool off_ = false;
};

}  // namespace assent::test
