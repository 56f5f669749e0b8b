// The IVs of SRTP packets: a function of the salt, the source and the packet's index, so that none comes twice under a
// key. Pure; any thread.
//
// AES-CM (RFC 3711 4.1.1), where the last two bytes count blocks:
//
//      0            4             8                          14        16
//     |    salt    | salt ^ SSRC | salt ^ 48 bits of index  |    0    |
//
// AES-GCM (RFC 7714 8.1):
//
//      0      2                6                            12
//     | salt | salt ^ SSRC    | salt ^ 48 bits of index    |
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "crypto/srtp_index.h"

namespace assent {

using SrtpSalt = std::array<std::uint8_t, 16>;  // with zeros after its end
using SrtpIv = std::array<std::uint8_t, 16>;    // AES-GCM uses the first 12 bytes

// Halves, big-endian. In whole words: an IV put together from bytes would be waited for, byte by byte, when it is read.
inline SrtpIv srtp_iv(const SrtpSalt& salt, std::uint64_t first_half, std::uint64_t second_half) {
  std::array<std::uint64_t, 2> words{first_half, second_half};
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t& word : words) word = __builtin_bswap64(word);
  }
  const auto salt_words = std::bit_cast<std::array<std::uint64_t, 2>>(salt);
  return std::bit_cast<SrtpIv>(std::array{words[0] ^ salt_words[0], words[1] ^ salt_words[1]});
}
inline SrtpIv srtp_cm_iv(const SrtpSalt& salt, std::uint32_t ssrc, SrtpIndex index) {
  return srtp_iv(salt, ssrc, index.value << 16);
}
inline SrtpIv srtp_gcm_iv(const SrtpSalt& salt, std::uint32_t ssrc, SrtpIndex index) {
  return srtp_iv(salt, (std::uint64_t{ssrc} << 16) | (index.value >> 32), index.value << 32);
}

}  // namespace assent
