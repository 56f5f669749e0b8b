// AesGcm: AES-GCM (NIST SP 800-38D) with a 16-byte tag, one message a call, the caller's IV.
//
// It owns one EVP context, reused. For keys of 32 and IVs of 12 bytes, which are all that this project writes, the
// work goes to what is faster where the processor can do it (crypto/vector_gcm.h). After the first call with a key size
// nothing is allocated, not even by a change of key. It decides nothing about IVs except that an empty one is refused:
// whoever seals owns the rule that no two plaintexts share a (key, IV). In this project there are two such owners:
// SegmentSealer (IV = frame number under a key used for one segment) and seal_with_random_iv below (96 random bits; at
// most 2^32 messages under one key, SP 800-38D 8.3).
//
// One object: one thread at a time. Lengths in bytes. Errors: Errc::invalid for a key that is not 16, 24 or 32 bytes,
// an empty IV, or unequal lengths of input and output; Errc::corrupt when the tag does not match, and then the output
// is zeros.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace assent {

inline constexpr std::size_t kGcmIvBytes = 12;
inline constexpr std::size_t kGcmTagBytes = 16;

class AesGcm {
 public:
  enum class Engine { fastest, openssl };
  explicit AesGcm(Engine engine = Engine::fastest);
  AesGcm(AesGcm&&) noexcept;
  AesGcm& operator=(AesGcm&&) noexcept;
  ~AesGcm();

  Result<void> set_key(ByteView key);  // costs next to nothing when it is the key already set

  // Both need a key set. `plain` and `cipher` are of one length and either the same memory or apart.
  Result<void> seal(ByteView iv, ByteView aad, ByteView plain, ByteSpan cipher,
                    std::span<std::uint8_t, kGcmTagBytes> tag);
  Result<void> open(ByteView iv, ByteView aad, ByteView cipher, std::span<const std::uint8_t, kGcmTagBytes> tag,
                    ByteSpan plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// For small things sealed now and then under a long-lived AES-256 key (wrapped keys, fields):
//
//     | 12 random IV | ciphertext, as long as the plaintext | 16 tag |
inline constexpr std::size_t kSealedOverhead = kGcmIvBytes + kGcmTagBytes;
Bytes seal_with_random_iv(const SecretKey& key, ByteView aad, ByteView plain);
// Errc::corrupt when `sealed` is too short or does not verify. `plain` is sealed.size() - kSealedOverhead bytes.
Result<void> open_with_random_iv(const SecretKey& key, ByteView aad, ByteView sealed, ByteSpan plain);

}  // namespace assent
