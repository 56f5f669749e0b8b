// SecretBuffer: bytes that are secret and not a key of 32 bytes (crypto/secret.h): a PIN, what a token hands out. They
// lie in the same memory as keys, zero at first, and are wiped when their owner goes. When the reserve is used up,
// making one throws std::bad_alloc, as making a key does. One owner.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace assent {

class SecretBuffer {
 public:
  explicit SecretBuffer(std::size_t bytes);
  SecretBuffer(SecretBuffer&& other) noexcept;
  SecretBuffer& operator=(SecretBuffer&&) = delete;
  ~SecretBuffer();

  ByteSpan reveal() const { return {bytes_, size_}; }

 private:
  std::uint8_t* bytes_;
  std::size_t size_;
};

}  // namespace assent
