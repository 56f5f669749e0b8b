#include "engine/store/file_store.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace assent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBytes = std::size_t{64} * 1024;
constexpr std::size_t kRemovedTogether = 64;  // open at once
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

// Where a file is written.
fs::path part_path(const fs::path& path) { return path.parent_path() / ('.' + path.filename().string() + ".part"); }

Error bad_name(const std::string& name) { return error(Errc::invalid, "not a name for a stored object: " + name); }

}  // namespace

Result<std::unique_ptr<FileStore>> FileStore::open(Disk& disk, fs::path folder) {
  if (auto made = make_folders(disk, folder); !made) return made.error();
  return std::unique_ptr<FileStore>(new FileStore(disk, std::move(folder)));
}

// One file on its way: written beside its place, then synced and named.
class FileStore::Staging {
 public:
  Staging(FileStore& store, fs::path path) : store_(store), path_(std::move(path)), part_(part_path(path_)) {}

  const fs::path& path() const { return path_; }
  Result<void> write(ObjectBytes& content) {
    if (auto made = make_folders(store_.disk_, path_.parent_path()); !made) return made;
    auto file = store_.disk_.create(part_);
    if (!file && file.error().code == Errc::conflict) {  // from before a crash
      if (auto removed = discard(); !removed) return removed;
      file = store_.disk_.create(part_);
    }
    if (!file) return file.error();
    file_ = *std::move(file);
    if (auto copied = copy(content, *file_); !copied) return copied;
    file_->start_writing();
    return {};
  }
  Result<void> name() {
    auto done = file_->sync();
    file_.reset();
    return done ? store_.disk_.rename(part_, path_) : done;
  }
  // What was written of it, after a failure. Where that fails, too, it stays until the object is put or removed.
  Result<void> discard() {
    file_.reset();
    return store_.blank_and_remove(std::span(&part_, 1));
  }

 private:
  FileStore& store_;
  fs::path path_;
  fs::path part_;
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
    staged.emplace_back(*this, folder_ / objects[i].name);
    outcomes[i] =
        is_object_name(objects[i].name) ? check_new(staged[i].path()) : Result<void>(bad_name(objects[i].name));
    if (outcomes[i]) outcomes[i] = staged[i].write(objects[i].content);
  }
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (outcomes[i]) outcomes[i] = staged[i].name();
  }
  SyncedFolders synced;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (outcomes[i]) {
      outcomes[i] = sync_folders(staged[i].path(), synced);
    } else if (is_object_name(objects[i].name)) {
      static_cast<void>(staged[i].discard());
    }
  }
  // What is there already, or was stopped by a folder that vanished, goes the long way.
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const Errc code = outcomes[i] ? Errc::invalid : outcomes[i].error().code;
    if (code == Errc::conflict || code == Errc::not_found) outcomes[i] = put(objects[i].name, objects[i].content);
  }
  return outcomes;
}

// Errc::conflict: it is there. One thread puts an object, so it does not come in between.
Result<void> FileStore::check_new(const fs::path& path) {
  const auto there = disk_.exists(path);
  if (!there) return there.error();
  return *there ? Result<void>(error(Errc::conflict, path.string() + " is there")) : Result<void>();
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
  Staging staged(*this, path);
  auto done = staged.write(content);
  if (done) done = staged.name();
  if (!done) static_cast<void>(staged.discard());
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
  std::vector<fs::path> paths;
  for (const std::string& name : names) {
    if (!is_object_name(name)) return bad_name(name);
    const fs::path path = folder_ / name;
    paths.insert(paths.end(), {path, part_path(path)});
    folders.insert(path.parent_path());
  }
  for (std::size_t first = 0; first < paths.size(); first += kRemovedTogether) {
    const std::size_t count = std::min(kRemovedTogether, paths.size() - first);
    if (auto removed = blank_and_remove(std::span(paths).subspan(first, count)); !removed) return removed;
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

// Those that are there. No name goes before the zeros over all of them are durable.
Result<void> FileStore::blank_and_remove(std::span<const fs::path> paths) {
  std::vector<std::pair<const fs::path*, std::unique_ptr<DiskFile>>> files;
  for (const fs::path& path : paths) {
    auto file = disk_.open(path, FileAccess::read_write);
    if (!file && file.error().code == Errc::not_found) continue;
    if (!file) return file.error();
    const auto size = (*file)->size_bytes();
    if (!size) return size.error();
    if (auto blanked = (*file)->blank({0, *size}); !blanked) return blanked;
    (*file)->start_writing();
    files.emplace_back(&path, *std::move(file));
  }
  for (const auto& [path, file] : files) {
    const bool is_last = file == files.back().second;
    if (auto synced = is_last ? file->sync_data() : file->hand_over(); !synced) return synced;
  }
  for (const auto& [path, file] : files) {
    if (auto removed = disk_.remove(*path); !removed && removed.error().code != Errc::not_found) return removed;
  }
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
