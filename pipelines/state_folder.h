// StateFolder: where things lie in the folder given by --state. Names only; whoever owns a file opens it.
//
//   catalog.db, catalog.lock    calls, consents, keys, ledger; the lock says that an engine has the folder
//   journal/                    sealed pages not yet stored
//   segments/                   the store of files
//   exports/                    what people are given of themselves, sealed, and how far each is
//   root.key                    unless keys.path says otherwise
//   tokens.json, admin.token    who may use the API
//   engine.json                 where a running engine listens
//   keys.json                   where the root key is (tools/assent/root_key_file.h)
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

namespace assent {

class StateFolder {
 public:
  explicit StateFolder(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }  // the catalog's and the tokens' folder, too
  std::filesystem::path catalog_file() const { return root_ / "catalog.db"; }
  std::filesystem::path journal() const { return root_ / "journal"; }
  std::filesystem::path segments() const { return root_ / "segments"; }
  std::filesystem::path exports() const { return root_ / "exports"; }
  std::filesystem::path admin_token() const { return root_ / "admin.token"; }
  std::filesystem::path engine_file() const { return root_ / "engine.json"; }
  std::filesystem::path root_key_file() const { return root_ / "keys.json"; }
  // keys.path of the pipeline; an absolute one stays as it is.
  std::filesystem::path root_key(std::string_view keys_path = "root.key") const { return root_ / keys_path; }
  std::filesystem::path webhook_secret(std::string_view path) const {
    return root_ / path;
  }  // likewise, of a webhook or trunk

 private:
  std::filesystem::path root_;
};

}  // namespace assent
