// ExportFolder: the files of all exports, in one folder of the state.
//
//     <export>.json            its state (export_job.h), replaced as a whole
//     <export>.sealed          the archive (sealed_file.h)
//     <export>.page, .person   what of it is still to be written into it, sealed likewise; while it is being made
//
// It decides how they are named, replaced and removed: nothing here is ever in the clear but opaque ids. Removing one
// overwrites its files' bytes where they lie before they are unlinked, and syncs the folder; what that is worth depends
// on the file system, so what counts is that the key is gone (engine/control/disclosures.h).
//
// Any thread; two threads never the same export at once. Errors: those of the disk; Errc::corrupt for a state that
// cannot be read.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "engine/disclosure/export_job.h"

namespace assent {

enum class ExportPart { archive, page, person };

class ExportFolder {
 public:
  ExportFolder(Disk& disk, std::filesystem::path folder) : disk_(disk), folder_(std::move(folder)) {}

  Result<void> make();  // where it is missing
  Disk& disk() const { return disk_; }
  std::filesystem::path path(ExportId id, ExportPart part) const;

  // Durable on success.
  Result<void> save(const ExportJob& job);
  struct Found {
    std::vector<ExportJob> jobs;       // by id, which is by age
    std::vector<ExportId> unreadable;  // something of theirs lies there, and no state that can be read
  };
  Result<Found> load();

  Result<void> sync() { return disk_.sync_folder(folder_); }
  // What it was made of, and not its state.
  Result<void> remove_parts(ExportId id);
  Result<void> remove_part(ExportId id, ExportPart part) { return remove_file(path(id, part)); }
  // On success nothing of it lies there, and will not after a power loss. Nothing there to begin with is success, too.
  Result<void> remove(ExportId id);

 private:
  Result<void> remove_file(const std::filesystem::path& path);

  Disk& disk_;
  const std::filesystem::path folder_;
};

}  // namespace assent
