#include "failing_disk.h"

#include <algorithm>
#include <utility>

namespace assent::test {
namespace {

constexpr std::size_t kSector = 512;

std::string key_of(const std::filesystem::path& path) {
  std::string name = path.lexically_normal().string();
  if (name.size() > 1 && name.back() == '/') name.pop_back();
  return name;
}
std::string folder_of(const std::string& name) { return std::filesystem::path(name).parent_path().string(); }
bool changes(DiskOp op) { return op != DiskOp::open && op != DiskOp::read && op != DiskOp::list; }

}  // namespace

class FailingFile final : public DiskFile {
 public:
  FailingFile(FailingDisk& disk, std::shared_ptr<FailingDisk::Inode> inode) : disk_(disk), inode_(std::move(inode)) {}

  Result<std::size_t> write_at(std::uint64_t offset_bytes, std::span<const ByteView> parts) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto allowed = disk_.allow(DiskOp::write); !allowed) return allowed.error();
    const std::size_t limit = std::exchange(disk_.short_write_, SIZE_MAX);
    std::size_t done = 0;
    for (const ByteView part : parts) {
      const std::size_t length = std::min(part.size(), limit - done);
      const auto end = static_cast<std::size_t>(offset_bytes) + done + length;
      if (end > inode_->now.size()) {
        if (!disk_.take_space(end - inode_->now.size())) return error(Errc::exhausted, "write: no space");
        inode_->now.resize(end);
      }
      put(static_cast<std::size_t>(offset_bytes) + done, part.first(length));
      done += length;
      if (done == limit) break;
    }
    return done;
  }

  Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) const override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto allowed = disk_.allow(DiskOp::read); !allowed) return allowed.error();
    if (offset_bytes >= inode_->now.size()) return std::size_t{0};
    const auto at = static_cast<std::size_t>(offset_bytes);
    const std::size_t length = std::min(to.size(), inode_->now.size() - at);
    std::copy_n(inode_->now.begin() + static_cast<std::ptrdiff_t>(at), length, to.begin());
    return length;
  }

  void start_writing() override {}

  Result<void> hand_over() override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto allowed = disk_.allow(DiskOp::sync); !allowed) return allowed;
    inode_->in_cache.insert(inode_->unsynced.begin(), inode_->unsynced.end());
    disk_.handed_over_.push_back(inode_);
    return {};
  }

  Result<void> sync_data() override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto allowed = disk_.allow(DiskOp::sync); !allowed) {
      inode_->unsynced.clear();  // the kernel has dropped them: neither written nor remembered
      return allowed;
    }
    ++disk_.syncs_;
    inode_->durable.resize(inode_->now.size());
    for (const std::size_t sector : inode_->unsynced) keep(sector);
    inode_->unsynced.clear();
    disk_.empty_cache();
    return {};
  }

  Result<void> sync() override { return sync_data(); }

  Result<void> allocate(std::uint64_t size_bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto allowed = disk_.allow(DiskOp::allocate); !allowed) return allowed;
    if (size_bytes <= inode_->now.size()) return {};
    if (!disk_.take_space(size_bytes - inode_->now.size())) return error(Errc::exhausted, "allocate: no space");
    inode_->now.resize(static_cast<std::size_t>(size_bytes));
    return {};
  }

  Result<void> blank(const FileExtent& extent) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto allowed = disk_.allow(DiskOp::blank); !allowed) return allowed;
    const auto at = static_cast<std::size_t>(extent.offset_bytes);
    if (at >= inode_->now.size()) return {};
    put(at, Bytes(std::min(static_cast<std::size_t>(extent.size_bytes), inode_->now.size() - at)));
    return {};
  }

  Result<std::uint64_t> size_bytes() const override {
    const std::lock_guard lock(disk_.mutex_);
    return std::uint64_t{inode_->now.size()};
  }

 private:
  void put(std::size_t at, ByteView bytes) {
    std::copy(bytes.begin(), bytes.end(), inode_->now.begin() + static_cast<std::ptrdiff_t>(at));
    for (std::size_t sector = at / kSector; sector * kSector < at + bytes.size(); ++sector) {
      inode_->unsynced.insert(sector);
    }
  }
  void keep(std::size_t sector) {
    const std::size_t end = std::min((sector + 1) * kSector, inode_->now.size());
    for (std::size_t i = sector * kSector; i < end; ++i) inode_->durable[i] = inode_->now[i];
  }

  FailingDisk& disk_;
  std::shared_ptr<FailingDisk::Inode> inode_;
};

FailingDisk::FailingDisk() {
  auto root = std::make_shared<Inode>();
  root->is_folder = true;
  now_["/"] = root;
  durable_ = now_;
}

void FailingDisk::fail(DiskOp op, Errc code, int times, int skip) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({op, code, times, skip});
}

void FailingDisk::fail_by_chance(double probability, std::uint32_t seed) {
  const std::lock_guard lock(mutex_);
  chance_ = probability;
  random_.seed(seed);
}

Result<void> FailingDisk::allow(DiskOp op) {
  if (changes(op)) {
    ++operations_;
    if (power_left_ == 0) off_ = true;
    if (power_left_ != UINT64_MAX && power_left_ != 0) --power_left_;
  }
  if (off_) return error(Errc::io, "the power is gone");
  for (Fault& fault : faults_) {
    if (fault.op != op || fault.times == 0) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    --fault.times;
    return error(fault.code, "a fault the test asked for");
  }
  if (!changes(op) || chance_ == 0) return {};
  std::uniform_real_distribution<double> draw(0, 1);
  if (op == DiskOp::write && draw(random_) < chance_) short_write_ = 1 + random_() % 9000;
  if (draw(random_) < chance_) return error(draw(random_) < 0.5 ? Errc::io : Errc::exhausted, "a fault by chance");
  return {};
}

bool FailingDisk::take_space(std::uint64_t bytes) {
  if (space_ == UINT64_MAX) return true;
  if (bytes > space_) return false;
  space_ -= bytes;
  return true;
}

void FailingDisk::empty_cache() {
  for (const auto& inode : handed_over_) {
    for (const std::size_t sector : std::exchange(inode->in_cache, {})) {
      const std::size_t end = std::min({(sector + 1) * kSector, inode->now.size(), inode->durable.size()});
      for (std::size_t i = sector * kSector; i < end; ++i) inode->durable[i] = inode->now[i];
      inode->unsynced.erase(sector);
    }
  }
  handed_over_.clear();
}

void FailingDisk::lose_sectors(Inode& inode, std::mt19937& random) {
  if (inode.is_folder) return;
  // The size is metadata: either the synced one or the current one survives.
  if (inode.now.size() != inode.durable.size() && random() % 2 == 0) inode.durable.resize(inode.now.size());
  for (const std::size_t sector : inode.unsynced) {
    if (random() % 2 == 0) continue;
    const std::size_t end = std::min({(sector + 1) * kSector, inode.now.size(), inode.durable.size()});
    for (std::size_t i = sector * kSector; i < end; ++i) inode.durable[i] = inode.now[i];
  }
  inode.unsynced.clear();
  inode.in_cache.clear();
  inode.now = inode.durable;
}

void FailingDisk::restart(std::uint32_t seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937 random(seed);
  Names names = durable_;
  for (const auto& [name, inode] : now_) {
    const auto kept = durable_.find(name);
    const bool same = kept != durable_.end() && kept->second == inode;
    if (!same && random() % 2 == 0) names[name] = inode;
  }
  for (const auto& [name, inode] : durable_) {
    if (now_.count(name) == 0 && random() % 2 == 0) names.erase(name);
  }
  // What lies in a folder that is not there is not there.
  std::erase_if(names,
                [&](const auto& entry) { return entry.first != "/" && names.count(folder_of(entry.first)) == 0; });
  std::set<Inode*> seen;
  for (auto& [name, inode] : names) {
    if (seen.insert(inode.get()).second) lose_sectors(*inode, random);
  }
  now_ = names;
  durable_ = std::move(names);
  handed_over_.clear();
  faults_.clear();
  chance_ = 0;
  power_left_ = UINT64_MAX;
  short_write_ = SIZE_MAX;
  off_ = false;
}

// ---- looking ------------------------------------------------------------------------------------------------------

bool FailingDisk::has_file(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  return now_.count(key_of(path)) != 0;
}

Bytes FailingDisk::content(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  return now_.at(key_of(path))->now;
}

void FailingDisk::set_content(const std::filesystem::path& path, Bytes bytes) {
  const std::lock_guard lock(mutex_);
  Inode& inode = *now_.at(key_of(path));
  inode.now = bytes;
  inode.durable = std::move(bytes);
  inode.unsynced.clear();
}

std::vector<std::string> FailingDisk::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, inode] : now_) {
    if (!inode->is_folder) names.push_back(name);
  }
  return names;
}

bool FailingDisk::contains(ByteView needle) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(now_.begin(), now_.end(), [&](const auto& entry) {
    const Bytes& bytes = entry.second->now;
    return std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end()) != bytes.end();
  });
}

bool FailingDisk::remembers(ByteView needle) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(made_.begin(), made_.end(), [&](const auto& inode) {
    const Bytes& bytes = inode->durable;
    return std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end()) != bytes.end();
  });
}

// ---- Disk ---------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<DiskFile>> FailingDisk::create(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::create); !allowed) return allowed.error();
  const std::string name = key_of(path);
  if (now_.count(folder_of(name)) == 0) return error(Errc::not_found, "create: no such folder");
  auto inode = std::make_shared<Inode>();
  if (!now_.emplace(name, inode).second) return error(Errc::conflict, "create: it is there");
  made_.push_back(inode);
  return std::unique_ptr<DiskFile>(std::make_unique<FailingFile>(*this, std::move(inode)));
}

Result<std::unique_ptr<DiskFile>> FailingDisk::open(const std::filesystem::path& path, FileAccess) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::open); !allowed) return allowed.error();
  const auto found = now_.find(key_of(path));
  if (found == now_.end()) return error(Errc::not_found, "open: no such file");
  return std::unique_ptr<DiskFile>(std::make_unique<FailingFile>(*this, found->second));
}

Result<void> FailingDisk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::rename); !allowed) return allowed;
  const auto found = now_.find(key_of(from));
  if (found == now_.end()) return error(Errc::not_found, "rename: no such file");
  auto inode = found->second;
  now_.erase(found);
  now_[key_of(to)] = std::move(inode);
  return {};
}

Result<void> FailingDisk::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::remove); !allowed) return allowed;
  if (now_.erase(key_of(path)) == 0) return error(Errc::not_found, "remove: no such file");
  return {};
}

Result<void> FailingDisk::make_folder(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::folder); !allowed) return allowed;
  auto inode = std::make_shared<Inode>();
  inode->is_folder = true;
  const std::string name = key_of(path);
  if (now_.count(folder_of(name)) == 0) return error(Errc::not_found, "make folder: no parent");
  if (!now_.emplace(name, inode).second) return error(Errc::conflict, "make folder: it is there");
  return {};
}

Result<void> FailingDisk::remove_folder(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::folder); !allowed) return allowed;
  const std::string name = key_of(path);
  const bool used = std::any_of(now_.begin(), now_.end(),
                                [&](const auto& e) { return e.first != "/" && folder_of(e.first) == name; });
  if (used) return error(Errc::conflict, "remove folder: not empty");
  if (now_.erase(name) == 0) return error(Errc::not_found, "remove folder: no such folder");
  return {};
}

Result<void> FailingDisk::sync_folder(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::sync_folder); !allowed) return allowed;
  const std::string folder = key_of(path);
  if (now_.count(folder) == 0) return error(Errc::not_found, "sync folder: no such folder");
  std::erase_if(durable_, [&](const auto& e) { return e.first != "/" && folder_of(e.first) == folder; });
  for (const auto& [name, inode] : now_) {
    if (name != "/" && folder_of(name) == folder) durable_[name] = inode;
  }
  return {};
}

Result<std::vector<FolderEntry>> FailingDisk::list(const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex_);
  if (auto allowed = allow(DiskOp::list); !allowed) return allowed.error();
  const std::string wanted = key_of(folder);
  if (now_.count(wanted) == 0) return error(Errc::not_found, "list: no such folder");
  std::vector<FolderEntry> entries;
  for (const auto& [name, inode] : now_) {
    if (name == "/" || folder_of(name) != wanted) continue;
    entries.push_back({std::filesystem::path(name).filename().string(),
                       inode->is_folder ? FolderEntry::Kind::folder : FolderEntry::Kind::file});
  }
  return entries;
}

Result<bool> FailingDisk::exists(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (off_) return error(Errc::io, "the power is gone");
  return now_.count(key_of(path)) != 0;
}

Result<DiskSpace> FailingDisk::space(const std::filesystem::path&) {
  const std::lock_guard lock(mutex_);
  if (off_) return error(Errc::io, "the power is gone");
  return DiskSpace{free_, UINT64_MAX};
}

}  // namespace assent::test
