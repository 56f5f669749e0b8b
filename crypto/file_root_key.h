// FileRootKey: the root key in a text file of mode 0600, owned by the user the engine runs as: comment lines that say
// what it is, then a line a root, one or, while the root is being replaced, two:
//
//     "assent-root-key-1 " | 64 hex digits | " " | 6 digits, which root it is: the highest is the newest
//
// The number may be missing: then it is 1. A root's id is derived from the key, so a wrong file is noticed by its id.
//
// The file is changed where it lies, never written anew beside itself, so that a root that is gone is gone from the
// disk too, as far as the file system overwrites in place: its line is made a comment by its first byte, and then the
// rest of it is written over. A new root's line gets its first byte last. So a crash leaves no line that is half a key.
//
// Any thread. Errors say what to do: Errc::denied for a wrong mode, owner or file type, Errc::invalid for a wrong
// shape, Errc::not_found from open, Errc::conflict from create when the file is there, Errc::io.
#pragma once

#include <filesystem>
#include <memory>

#include "crypto/key_provider.h"

namespace assent {

class FileRootKey final : public RootKeyProvider {
 public:
  static Result<FileRootKey> open(const std::filesystem::path& path);
  // Draws a key; the file (O_EXCL, 0600) and its folder are fsynced before it is used for anything.
  static Result<FileRootKey> create(const std::filesystem::path& path);
  static Result<FileRootKey> open_or_create(const std::filesystem::path& path);
  FileRootKey(FileRootKey&&) noexcept;
  ~FileRootKey() override;

  std::string describe() const override;
  KeyId root_id() const override;
  Result<WrappedKey> wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const override;
  // Looks into the file again when it was wrapped under a root that is not known: another process may have replaced it.
  Result<SecretKey> unwrap_epoch(const WrappedKey& wrapped) const override;
  Result<void> add_root() override;
  Result<void> drop_old_roots() override;

 private:
  struct Roots;
  FileRootKey(std::filesystem::path path, std::unique_ptr<Roots> roots);

  std::filesystem::path path_;
  std::unique_ptr<Roots> roots_;
};

}  // namespace assent
