// OpenedState: a state folder that the command line opens itself, without an engine.
//
// It owns the catalog, the root key, the opened keys and the store for as long as a command lasts. For reading it may
// be opened beside a running engine; for writing it takes the catalog's lock, which an engine holds while it runs.
// Nothing is created: a folder without a catalog is not a state folder. One thread. Errors: Errc::not_found (no state
// folder, no root key), Errc::conflict (for writing: an engine runs on it), and those of catalog, key file and store.
#pragma once

#include <memory>

#include "base/disk.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/store/file_store.h"
#include "engine/store/leg_keys.h"
#include "pipelines/state_folder.h"
#include "tools/assent/arguments.h"

namespace assent {

enum class StateUse { read, write };

class OpenedState {
 public:
  static Result<std::unique_ptr<OpenedState>> open(const StateReach& reach, StateUse use);

  const StateFolder& folder() const { return folder_; }
  Disk& disk() { return disk_; }
  SqliteCatalog& catalog() { return *catalog_; }
  KeyRing& keys() { return keys_; }
  SegmentStore& store() { return *store_; }
  LegKeys leg_keys();  // borrow this

 private:
  OpenedState(StateFolder folder, std::unique_ptr<SqliteCatalog> catalog, std::unique_ptr<SqliteCatalog> key_catalog,
              std::unique_ptr<RootKeyProvider> root);

  StateFolder folder_;
  RealDisk disk_;
  std::unique_ptr<SqliteCatalog> catalog_;
  std::unique_ptr<SqliteCatalog> key_catalog_;  // where it is another
  std::unique_ptr<RootKeyProvider> root_;
  KeyRing keys_;
  std::unique_ptr<FileStore> store_;  // set by open, once disk_ is in its place
};

}  // namespace assent
