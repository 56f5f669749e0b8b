// Pkcs11RootKey: a root key that never leaves a PKCS#11 token. What it wraps is byte for byte in the format of wrap_key
// (crypto/wrapped_key.h), made by CKM_AES_GCM inside the token; the epoch key goes into the token and comes out of it,
// the root does neither.
//
// A root is a secret key object on the token: AES-256, CKA_LABEL as told, CKA_ID its KeyId, a UUIDv7, so that the
// newest sorts last. It is made there (C_GenerateKey), sensitive and not extractable, and one that is not so is
// refused. A copy for the day the token breaks is made by the token's own means; without one, everything is lost with
// the token.
//
// What is on the token counts, not what was seen last: another process may have replaced the root. A session that is
// lost is opened again, with one login, before an error is given; when that fails and nobody else in the process uses
// the module, the module is started anew as well. A PIN that the token has refused is not offered twice.
//
// Any thread; calls wait for each other, and as long as the token takes to answer. Errors say which token and what to
// do. When opening: Errc::not_found without a key of that label, Errc::denied for the PIN, its file's owner or mode, or
// a key that could leave the token, Errc::invalid for settings or keys of a wrong shape, Errc::conflict for two tokens
// of one label, Errc::unsupported for a token that cannot do this, Errc::unavailable, Errc::io. Afterwards:
// Errc::corrupt as the interface says, Errc::unavailable for everything about the token, Errc::exhausted when the
// memory for keys is used up. How durable a new root, or the end of an old one, is when this returns, is the token's
// promise.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "crypto/key_provider.h"

namespace assent {

class Pkcs11Roots;

struct Pkcs11Settings {
  std::filesystem::path module;  // the library that came with the token: /usr/lib/softhsm/libsofthsm2.so
  std::string token_label;       // at most 32 bytes
  std::string key_label = "assent-root";
  std::filesystem::path pin_file;  // mode 0600, one line: the user PIN of the token
  bool operator==(const Pkcs11Settings&) const = default;
};

class Pkcs11RootKey final : public RootKeyProvider {
 public:
  static Result<Pkcs11RootKey> open(const Pkcs11Settings& settings);
  static Result<Pkcs11RootKey> open_or_create(const Pkcs11Settings& settings);
  Pkcs11RootKey(Pkcs11RootKey&&) noexcept;
  ~Pkcs11RootKey() override;

  std::string describe() const override;
  KeyId root_id() const override;
  Result<WrappedKey> wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const override;
  Result<SecretKey> unwrap_epoch(const WrappedKey& wrapped) const override;
  Result<void> add_root() override;
  Result<void> drop_old_roots() override;

 private:
  explicit Pkcs11RootKey(std::unique_ptr<Pkcs11Roots> roots);

  std::unique_ptr<Pkcs11Roots> roots_;
};

}  // namespace assent
