// VectorGcm: AES-256-GCM with 12-byte IVs on processors that encrypt four blocks an instruction (VAES, VPCLMULQDQ with
// AVX-512), by Intel's ipsec-mb. Twice as fast as OpenSSL 3.0, which does not use these instructions; with a key of its
// own for every block, as the sealer has them, too. AesGcm (the only user) falls back to OpenSSL where it is not
// available.
//
// The expanded key lies in the object and is wiped with it. One object: one thread at a time; is_available: any thread.
// Lengths are checked by AesGcm. Specification: NIST SP 800-38D.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace assent {

class VectorGcm {
 public:
  // The library is built in, the processor has the instructions, and the library's self-test passed.
  static bool is_available();

  VectorGcm();  // only where it is available
  VectorGcm(VectorGcm&&) noexcept;
  VectorGcm& operator=(VectorGcm&&) noexcept;
  ~VectorGcm();

  void set_key(std::span<const std::uint8_t, 32> key);
  // Input and output are of one length and either the same memory or apart.
  void seal(std::span<const std::uint8_t, 12> iv, ByteView aad, ByteView plain, ByteSpan cipher,
            std::span<std::uint8_t, 16> tag);
  // `tag` is what belongs to the ciphertext: whoever opens compares it, and wipes `plain` when it is not the one.
  void open(std::span<const std::uint8_t, 12> iv, ByteView aad, ByteView cipher, ByteSpan plain,
            std::span<std::uint8_t, 16> tag);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assent
