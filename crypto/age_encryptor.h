// AgeEncryptor: a file in age's format for one recipient, written front to back (age-encryption.org/v1).
//
//     age-encryption.org/v1
//     -> X25519 <ephemeral share>
//     <file key, wrapped>
//     --- <MAC over all before it>
//     | 16 nonce | chunk | chunk | ... |        a chunk: 64 KiB of plaintext, the last one less, and 16 of tag each
//
//     file key    16 random bytes, wrapped by ChaCha20-Poly1305 under
//                 HKDF-SHA256(X25519(ephemeral, recipient), share | recipient, "age-encryption.org/v1/X25519")
//     MAC         HMAC-SHA256 under HKDF-SHA256(file key, "", "header")
//     chunk n     ChaCha20-Poly1305 under HKDF-SHA256(file key, nonce, "payload"), nonce: | 11 n | 1 last |
//
// A recipient is "age1..." (Bech32, BIP 173): an X25519 public key. No random number is drawn twice for one file, and a
// file is never gone on with after a break: it is made anew, under another file key.
//
// One thread. Errors: of `parse` Errc::invalid, it is none, with what is wrong of it; of `create` Errc::invalid, its
// key has no secret in common with anybody.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace assent {

class AgeRecipient {
 public:
  static Result<AgeRecipient> parse(std::string_view text);

  const std::array<std::uint8_t, 32>& key() const { return key_; }
  std::string text() const;         // "age1..."
  std::string fingerprint() const;  // SHA-256 of the key in hexadecimal

 private:
  explicit AgeRecipient(const std::array<std::uint8_t, 32>& key) : key_(key) {}
  std::array<std::uint8_t, 32> key_;
};

class AgeEncryptor {
 public:
  using Sink = std::function<Result<void>(ByteView)>;
  static constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;

  // Writes the head. The sink gets the file's bytes in order.
  static Result<AgeEncryptor> create(const AgeRecipient& recipient, Sink sink);
  AgeEncryptor(AgeEncryptor&&) noexcept;
  AgeEncryptor& operator=(AgeEncryptor&&) noexcept;
  ~AgeEncryptor();  // wipes what it holds of the plaintext

  Result<void> write(ByteView plain);
  Result<void> finish();  // once, after all of it

 private:
  AgeEncryptor(SecretKey payload_key, Sink sink);
  Result<void> seal(ByteView plain, bool is_last);

  SecretKey payload_key_;
  Sink sink_;
  Bytes waiting_;  // at most a chunk: whether it is the last one shows when there is more
  std::uint64_t chunks_ = 0;
};

}  // namespace assent
