// Pkcs11Session: a read-write session on the token of one label, with its user logged in, and what is asked of a token
// here: AES keys found by label, made, destroyed, and used for AES-GCM (CKM_AES_GCM) inside the token.
//
// The session is closed with its owner. The login is the process's on that token, and ends with its last session there.
// A key's handle is good for the session that gave it. What goes in and comes out passes through the module's memory,
// which is the module's own to guard.
//
// One thread at a time; a call may take as long as the token does. Errors name the token and say what to do:
// Errc::denied for a PIN that the token or its file's owner and mode refuse, Errc::unsupported for what the token does
// not do, else Errc::unavailable, and then a new session may work. The module outlives the session.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/pin_file.h"
#include "crypto/pkcs11_module.h"

namespace assent {

// A secret key as its token describes it. What the token does not tell is as bad as can be.
struct Pkcs11Key {
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
  Bytes id;  // at most 64 bytes; longer ones are empty here
  CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
  std::size_t key_bytes = 0;
  bool is_sensitive = false;
  bool is_extractable = true;
};

class Pkcs11Session {
 public:
  // `where` is what errors call the token.
  static Result<Pkcs11Session> start(const Pkcs11Module& module, std::string where, std::string_view token_label,
                                     PinFile& pin_file);
  Pkcs11Session(Pkcs11Session&& other) noexcept;
  Pkcs11Session& operator=(Pkcs11Session&&) = delete;
  ~Pkcs11Session();

  Result<std::vector<Pkcs11Key>> find_keys(std::string_view label) const;
  // AES-256, kept on the token, sensitive, not extractable, for encrypting and decrypting only.
  Result<void> make_key(std::string_view label, KeyId id) const;
  Result<void> destroy_key(CK_OBJECT_HANDLE key) const;

  // | 12 random IV | ciphertext | 16 tag |, as seal_with_random_iv has it.
  Result<Bytes> seal(CK_OBJECT_HANDLE key, ByteView aad, ByteView plain) const;
  // Modules do not agree on what they answer when the tag is wrong, so that is Errc::unavailable, too. `plain` is
  // sealed.size() - kSealedOverhead bytes. std::bad_alloc when the memory for keys is used up.
  Result<void> unseal(CK_OBJECT_HANDLE key, ByteView aad, ByteView sealed, ByteSpan plain) const;

 private:
  Pkcs11Session(const CK_FUNCTION_LIST& functions, std::string where, CK_SESSION_HANDLE session);
  Result<void> log_in(CK_SLOT_ID slot, PinFile& pin_file) const;
  Result<Pkcs11Key> describe_key(CK_OBJECT_HANDLE key) const;
  Error fault(std::string_view doing, CK_RV code) const;

  const CK_FUNCTION_LIST* functions_;
  std::string where_;
  CK_SESSION_HANDLE session_;  // CK_INVALID_HANDLE after a move
};

}  // namespace assent
