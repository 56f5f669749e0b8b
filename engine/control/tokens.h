// TokenStore: who may use the API. A token is 32 random bytes in hex; what is kept is its SHA-256 (a random token needs
// no slow hash), its id, which stands on every record of what its bearer did, and its role.
//
// It owns two files of the state folder, both 0600:
//   tokens.json   {"version": 1, "tokens": [{"id", "role", "sha256", "created"}]}, replaced as a whole and fsynced
//   admin.token   the admin token that the first run makes: the token and a newline. May be moved away once read.
// A first run that died between the two is completed at the next: the token in admin.token is taken over.
//
// Any thread. Errors: Errc::invalid (a file of the wrong shape, a bad id), Errc::denied (a file that others may read or
// write: says how to set it right), Errc::conflict (the id is taken, the last admin), Errc::exhausted, Errc::not_found,
// and the disk's own.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/sha256.h"
#include "engine/control/roles.h"

namespace assent {

struct TokenInfo {
  std::string id;
  Role role = Role::ingest;
  WallTime created;
};

// 1 to 64 of a-z, 0-9, '.', '_', '-': it stands in URLs and on record.
bool is_token_id(std::string_view text);

class TokenStore {
 public:
  // The folder exists; `disk` outlives the store.
  static Result<std::unique_ptr<TokenStore>> open(Disk& disk, const std::filesystem::path& folder, WallTime now);

  // Compares with every token in constant time.
  std::optional<TokenInfo> identify(std::string_view token) const;

  std::vector<TokenInfo> list() const;  // oldest first
  // Returns the token, which cannot be had again. It works once this returns.
  Result<std::string> add(const std::string& id, Role role, WallTime now);
  Result<void> remove(std::string_view id);

 private:
  struct Entry {
    TokenInfo info;
    Sha256Digest hash;
  };

  TokenStore(Disk& disk, std::filesystem::path folder) : disk_(disk), folder_(std::move(folder)) {}
  Result<void> load();
  Result<void> start_anew(WallTime now);
  Result<void> save(const std::vector<Entry>& entries) const;

  Disk& disk_;
  const std::filesystem::path folder_;
  mutable std::mutex mutex_;  // guards entries_ and the writing of tokens.json
  std::vector<Entry> entries_;
};

}  // namespace assent
