// AES-GCM with an IV longer than EVP takes (128 bytes). Nobody here writes such a message; it is there so that the one
// AES-GCM primitive is all of SP 800-38D. Slow, allocates, any thread. Lengths are checked by AesGcm.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace assent {

inline constexpr std::size_t kEvpMostIvBytes = 128;

enum class GcmDirection { seal, open };

// Writes `out` and returns the tag that belongs to the ciphertext: of what was written, or of what was read.
std::array<std::uint8_t, 16> gcm_with_long_iv(GcmDirection direction, ByteView key, ByteView iv, ByteView aad,
                                              ByteView in, ByteSpan out);

}  // namespace assent
