// HmacKey: a secret that somebody else shares with us, of any length, and the HMAC-SHA256 made with it (RFC 2104).
//
// It owns the secret as the block of 64 bytes that HMAC makes of it anyway: padded with zeros, or hashed when it is
// longer. That block stands in the memory for keys (crypto/secret.h), is wiped when its owner goes, and cannot be
// printed or copied by accident; while `sign` runs it is on the stack and in OpenSSL's context, and wiped from both.
//
// Making and destroying: any thread. One object: one writer or many readers.
#pragma once

#include <array>
#include <initializer_list>

#include "base/bytes.h"
#include "crypto/hkdf.h"
#include "crypto/secret.h"

namespace assent {

class HmacKey {
 public:
  explicit HmacKey(ByteView secret);  // copies; the caller wipes the original

  HmacSha256 sign(std::initializer_list<ByteView> parts) const;  // of the parts, one after the other
  bool operator==(const HmacKey& other) const = default;         // constant time

 private:
  // The block's two halves.
  std::array<SecretKey, 2> halves_;
};

}  // namespace assent
