// Where the root key lives. Only the root is outside the catalog; it wraps the epoch keys and nothing else, so a
// provider can be a file or a hardware module that never lets its key out.
//
// RootKeyProvider: any thread. Errors: Errc::corrupt when a wrapped epoch key is not this root's or is damaged,
// Errc::unavailable when the provider does not answer.
#pragma once

#include <filesystem>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/wrapped_key.h"

namespace assent {

class RootKeyProvider {
 public:
  virtual ~RootKeyProvider() = default;
  virtual std::string describe() const = 0;  // for the start-up line: "file /var/lib/assent/root.key"
  virtual KeyId root_id() const = 0;         // the parent of every epoch key it wraps
  virtual Result<WrappedKey> wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const = 0;
  virtual Result<SecretKey> unwrap_epoch(const WrappedKey& wrapped) const = 0;
};

// FileRootKey: a text file of mode 0600, owned by the user the engine runs as: comment lines that say what it is, then
// one line "assent-root-key-1 " and 64 hex digits. Its id is derived from the key, so a wrong file is noticed by its
// id.
//
// Errors say what to do: Errc::denied for a wrong mode, owner or file type, Errc::invalid for a wrong shape,
// Errc::not_found from open, Errc::conflict from create when the file is there, Errc::io.
class FileRootKey final : public RootKeyProvider {
 public:
  static Result<FileRootKey> open(const std::filesystem::path& path);
  // Draws a key; the file (O_EXCL, 0600) and its folder are fsynced before it is used for anything.
  static Result<FileRootKey> create(const std::filesystem::path& path);
  static Result<FileRootKey> open_or_create(const std::filesystem::path& path);

  std::string describe() const override;
  KeyId root_id() const override { return id_; }
  Result<WrappedKey> wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const override;
  Result<SecretKey> unwrap_epoch(const WrappedKey& wrapped) const override;

 private:
  FileRootKey(std::filesystem::path path, SecretKey key);

  std::filesystem::path path_;
  SecretKey key_;
  KeyId id_;
};

}  // namespace assent
