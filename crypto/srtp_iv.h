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
#include <cstdint>

#include "base/bytes.h"
#include "crypto/srtp_index.h"

namespace assent {

using SrtpIv = std::array<std::uint8_t, 16>;  // AES-GCM uses the first 12 bytes

namespace srtp_iv_detail {

// `salt` has 16 bytes, with zeros after its end.
inline SrtpIv mixed(const std::uint8_t* salt, std::size_t ssrc_at, std::size_t index_at, std::uint32_t ssrc,
                    SrtpIndex index) {
  SrtpIv iv{};
  store_be32(iv.data() + ssrc_at, ssrc);
  store_be32(iv.data() + index_at, rollover_of(index).value);
  store_be16(iv.data() + index_at + 4, sequence_of(index).value);
  for (std::size_t i = 0; i < iv.size(); ++i) iv[i] ^= salt[i];
  return iv;
}

}  // namespace srtp_iv_detail

inline SrtpIv srtp_cm_iv(const std::array<std::uint8_t, 16>& salt, std::uint32_t ssrc, SrtpIndex index) {
  return srtp_iv_detail::mixed(salt.data(), 4, 8, ssrc, index);
}
inline SrtpIv srtp_gcm_iv(const std::array<std::uint8_t, 16>& salt, std::uint32_t ssrc, SrtpIndex index) {
  return srtp_iv_detail::mixed(salt.data(), 2, 6, ssrc, index);
}

}  // namespace assent
