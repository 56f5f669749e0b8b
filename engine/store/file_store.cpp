#include "engine/store/file_store.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace assent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBytes = std::size_t{64} * 1024;
constexpr int kFolderAttempts = 3;  // another thread may remove a folder that it found empty just before we use it

class FileObject final : public ObjectBytes {
 public:
  FileObject(std::unique_ptr<DiskFile> file, std::uint64_t size_bytes) : file_(std::move(file)), size_(size_bytes) {}
  std::uint64_t size_bytes() const override { return size_; }
  Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) override {
    return file_->read_at(offset_bytes, to);
  }

 private:
  std::unique_ptr<DiskFile> file_;
  std::uint64_t size_;
};

Result<void> write_whole(DiskFile& file, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    auto written = file.write_at(offset, std::span(&bytes, 1));
    if (!written) return written.error();
    if (*written == 0) return error(Errc::io, "write segment: nothing was written");
    bytes = bytes.subspan(*written);
    offset += *written;
  }
  return {};
}

Result<void> copy(ObjectBytes& content, DiskFile& file) {
  Bytes buffer(kCopyBytes);
  std::uint64_t at = 0;
  while (at < content.size_bytes()) {
    auto got = content.read_at(at, buffer);
    if (!got) return got.error();
    if (*got == 0) return error(Errc::corrupt, "a segment is shorter than it said");
    if (auto written = write_whole(file, at, ByteView(buffer).first(*got)); !written) return written;
    at += *got;
  }
  return {};
}

Result<bool> is_same(ObjectBytes& a, ObjectBytes& b) {
  if (a.size_bytes() != b.size_bytes()) return false;
  Bytes of_a(kCopyBytes);
  Bytes of_b(kCopyBytes);
  for (std::uint64_t at = 0; at < a.size_bytes(); at += kCopyBytes) {
    auto got_a = a.read_at(at, of_a);
    if (!got_a) return got_a.error();
    auto got_b = b.read_at(at, of_b);
    if (!got_b) return got_b.error();
    if (*got_a != *got_b ||
        !std::equal(of_a.begin(), of_a.begin() + static_cast<std::ptrdiff_t>(*got_a), of_b.begin())) {
      return false;
    }
  }
  return true;
}

// Where a file is written on a file system without unnamed files.
fs::path part_path(const fs::path& path) { return path.parent_path() / ('.' + path.filename().string() + ".part"); }

Error bad_name(const std::string& name) { return error(Errc::invalid, "not a name for a stored object: " + name); }

}  // namespace

Result<std::unique_ptr<FileStore>> FileStore::open(Disk& disk, fs::path folder) {
  if (auto made = make_folders(disk, folder); !made) return made.error();
  return std::unique_ptr<FileStore>(new FileStore(disk, std::move(folder)));
}

// One file on its way: written without a name, then synced and linked.
class FileStore::Staging {
 public:
  explicit Staging(fs::path path) : path_(std::move(path)) {}

  const fs::path& path() const { return path_; }
  Result<void> write(Disk& disk, ObjectBytes& content) {
    if (auto made = make_folders(disk, path_.parent_path()); !made) return made;
    auto file = disk.create_unnamed(path_.parent_path());
    if (!file) return file.error();
    if (auto copied = copy(content, **file); !copied) return copied;
    (*file)->start_writing();
    file_ = *std::move(file);
    return {};
  }
  Result<void> link() {
    auto done = file_->sync();
    if (done) done = file_->link_as(path_);
    file_.reset();
    return done;
  }

 private:
  fs::path path_;
  std::unique_ptr<DiskFile> file_;
};

Result<void> FileStore::put(const std::string& name, ObjectBytes& content) {
  if (!is_object_name(name)) return bad_name(name);
  const fs::path path = folder_ / name;
  Result<void> written;
  for (int attempt = 0; attempt < kFolderAttempts; ++attempt) {
    auto there = disk_.exists(path);
    if (!there) return there.error();
    if (*there) return accept_existing(name, content);
    written = write_new(path, content);
    if (written) return sync_folders(path);
    if (written.error().code != Errc::not_found && written.error().code != Errc::conflict) return written;
  }
  return written;
}

std::vector<Result<void>> FileStore::put_all(std::span<const NewObject> objects) {
  std::vector<Result<void>> outcomes(objects.size());
  std::vector<Staging> staged;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    staged.emplace_back(folder_ / objects[i].name);
    outcomes[i] = is_object_name(objects[i].name) ? staged[i].write(disk_, objects[i].content)
                                                  : Result<void>(bad_name(objects[i].name));
  }
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (outcomes[i]) outcomes[i] = staged[i].link();
  }
  SyncedFolders synced;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (outcomes[i]) outcomes[i] = sync_folders(staged[i].path(), synced);
  }
  // What is there already, what a vanished folder or a file system without unnamed files stopped, goes the long way.
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const Errc code = outcomes[i] ? Errc::invalid : outcomes[i].error().code;
    const bool again = code == Errc::conflict || code == Errc::not_found || code == Errc::unsupported;
    if (again) outcomes[i] = put(objects[i].name, objects[i].content);
  }
  return outcomes;
}

Result<void> FileStore::accept_existing(const std::string& name, ObjectBytes& content) {
  auto existing = open(name);
  if (!existing) return existing.error();
  auto same = is_same(content, **existing);
  if (!same) return same.error();
  if (!*same) return error(Errc::conflict, "another object is stored as " + name);
  // Whoever linked it may have stopped before its folders were synced.
  return sync_folders(folder_ / name);
}

Result<void> FileStore::write_new(const fs::path& path, ObjectBytes& content) {
  Staging staged(path);
  const auto written = staged.write(disk_, content);
  if (written) return staged.link();
  if (written.error().code != Errc::unsupported) return written;

  const fs::path part = part_path(path);
  if (auto removed = disk_.remove(part); !removed && removed.error().code != Errc::not_found) return removed;
  auto file = disk_.create(part);
  if (!file) return file.error();
  auto done = copy(content, **file);
  if (done) done = (*file)->sync();
  if (done) done = disk_.rename(part, path);
  if (!done) static_cast<void>(disk_.remove(part));
  return done;
}

// From the object's own folder up to the store's: any of them may just have been made, perhaps by another thread.
Result<void> FileStore::sync_folders(const fs::path& path) {
  SyncedFolders synced;
  return sync_folders(path, synced);
}

// A folder that is in `synced` is not synced again, neither when that failed: the second attempt would know nothing.
Result<void> FileStore::sync_folders(const fs::path& path, SyncedFolders& synced) {
  for (fs::path folder = path.parent_path();; folder = folder.parent_path()) {
    auto known = synced.find(folder);
    if (known == synced.end()) known = synced.emplace(folder, disk_.sync_folder(folder)).first;
    if (!known->second) return known->second;
    if (folder == folder_) return {};
  }
}

Result<std::unique_ptr<ObjectBytes>> FileStore::open(const std::string& name) {
  if (!is_object_name(name)) return bad_name(name);
  auto file = disk_.open(folder_ / name, FileAccess::read);
  if (!file) return file.error();
  auto size = (*file)->size_bytes();
  if (!size) return size.error();
  return std::unique_ptr<ObjectBytes>(std::make_unique<FileObject>(*std::move(file), *size));
}

Result<void> FileStore::remove(const std::string& name) { return remove_all(std::span(&name, 1)); }

Result<void> FileStore::remove_all(std::span<const std::string> names) {
  std::set<fs::path> folders;
  for (const std::string& name : names) {
    if (!is_object_name(name)) return bad_name(name);
    const fs::path path = folder_ / name;
    for (const fs::path& one : {path, part_path(path)}) {
      if (auto removed = disk_.remove(one); !removed && removed.error().code != Errc::not_found) return removed;
    }
    folders.insert(path.parent_path());
  }
  for (const fs::path& folder : folders) {
    if (auto synced = disk_.sync_folder(folder); !synced && synced.error().code != Errc::not_found) return synced;
  }
  for (const std::string& name : names) {
    auto there = disk_.exists(folder_ / name);
    if (!there) return there.error();
    if (*there) return error(Errc::io, "removed, and still there: " + (folder_ / name).string());
  }
  for (const fs::path& folder : folders) remove_empty_folders(folder);
  return {};
}

// An empty folder says that there was a call; that it stays when it cannot be removed now is no failure of erasing.
void FileStore::remove_empty_folders(fs::path folder) {
  for (; folder != folder_; folder = folder.parent_path()) {
    if (!disk_.remove_folder(folder)) return;
    if (!disk_.sync_folder(folder.parent_path())) return;
  }
}

Result<std::vector<std::string>> FileStore::list() {
  std::vector<std::string> names;
  if (auto listed = add_names("", names); !listed) return listed.error();
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> FileStore::list_folder(const std::string& folder) {
  if (!is_object_name(folder)) return bad_name(folder);
  std::vector<std::string> names;
  auto listed = add_names(folder + '/', names);
  if (!listed && listed.error().code != Errc::not_found) return listed.error();
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> FileStore::add_names(const std::string& below, std::vector<std::string>& names) {
  auto entries = disk_.list(folder_ / below);
  if (!entries) return entries.error();
  for (const FolderEntry& entry : *entries) {
    const std::string name = below + entry.name;
    if (!is_object_name(name)) continue;
    if (entry.kind == FolderEntry::Kind::file) names.push_back(name);
    if (entry.kind != FolderEntry::Kind::folder) continue;
    auto listed = add_names(name + '/', names);
    // A folder may have been removed since it was listed.
    if (!listed && listed.error().code != Errc::not_found) return listed;
  }
  return {};
}

}  // namespace assent
