// FileStore: the store of local files, below one folder.
//
// A file is written beside its place under a name that begins with a dot, synced, then renamed and its folder synced,
// with every folder that had to be made. So a name that is there stands for a whole file. (A file without a name,
// O_TMPFILE, would leave its blocks to the file system when the engine dies; this one is found when the object is put
// or removed.) Of several files all are written before the first is synced, and every folder is synced once: a file
// system commits what has gathered.
//
// Removing writes zeros over the file where it lies and syncs them (many files with one sync), then unlinks, syncs the
// folder, looks whether the name is gone, and removes folders that became empty; of several files each step is taken
// for many before the next. Nothing of an object goes back to the file system as it was, whole or part, stored or not.
//
// Any thread. Errors as SegmentStore says.
#pragma once

#include <filesystem>
#include <map>

#include "base/disk.h"
#include "engine/store/segment_store.h"

namespace assent {

class FileStore final : public SegmentStore {
 public:
  // The folder is made when it is missing. The disk outlives the store.
  static Result<std::unique_ptr<FileStore>> open(Disk& disk, std::filesystem::path folder);

  Result<void> put(const std::string& name, ObjectBytes& content) override;
  std::vector<Result<void>> put_all(std::span<const NewObject> objects) override;
  Result<std::unique_ptr<ObjectBytes>> open(const std::string& name) override;
  Result<void> remove(const std::string& name) override;
  Result<void> remove_all(std::span<const std::string> names) override;
  Result<std::vector<std::string>> list() override;
  Result<std::vector<std::string>> list_folder(const std::string& folder) override;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  FileStore(Disk& disk, std::filesystem::path folder) : disk_(disk), folder_(std::move(folder)) {}

  class Staging;
  using SyncedFolders = std::map<std::filesystem::path, Result<void>>;

  Result<void> check_new(const std::filesystem::path& path);
  Result<void> accept_existing(const std::string& name, ObjectBytes& content);
  Result<void> write_new(const std::filesystem::path& path, ObjectBytes& content);
  Result<void> blank_and_remove(std::span<const std::filesystem::path> paths);
  Result<void> sync_folders(const std::filesystem::path& path);
  Result<void> sync_folders(const std::filesystem::path& path, SyncedFolders& synced);
  void remove_empty_folders(std::filesystem::path folder);
  Result<void> add_names(const std::string& below, std::vector<std::string>& names);

  Disk& disk_;
  std::filesystem::path folder_;
};

}  // namespace assent
