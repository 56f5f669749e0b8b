// SrtpSuite: what a session is protected with, by the names that SDP has for it, and how long its parts are.
//
// Specifications: RFC 3711 (AES-CM with 128 bits, HMAC-SHA1), RFC 6188 (with 256), RFC 7714 (AES-GCM); names as in SDP:
// RFC 4568 6.2, RFC 6188 4, RFC 7714 14.1. SRTCP of the suites with a tag of 32 bits has one of 80 (RFC 4568 6.2.2).
// Pure; any thread. Lengths in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace assent {

enum class SrtpSuite : std::uint8_t {
  aes_cm_128_hmac_sha1_80,
  aes_cm_128_hmac_sha1_32,
  aes_256_cm_hmac_sha1_80,
  aes_256_cm_hmac_sha1_32,
  aead_aes_128_gcm,
  aead_aes_256_gcm,
};
inline constexpr std::array kSrtpSuites{SrtpSuite::aes_cm_128_hmac_sha1_80, SrtpSuite::aes_cm_128_hmac_sha1_32,
                                        SrtpSuite::aes_256_cm_hmac_sha1_80, SrtpSuite::aes_256_cm_hmac_sha1_32,
                                        SrtpSuite::aead_aes_128_gcm,        SrtpSuite::aead_aes_256_gcm};

std::string_view name_of(SrtpSuite suite);
std::optional<SrtpSuite> srtp_suite_named(std::string_view name);  // exactly as name_of has it

constexpr bool is_aead(SrtpSuite suite) {
  return suite == SrtpSuite::aead_aes_128_gcm || suite == SrtpSuite::aead_aes_256_gcm;
}
constexpr std::size_t key_bytes(SrtpSuite suite) {  // of the master key, and of the key that encrypts
  const bool is_256 = suite == SrtpSuite::aes_256_cm_hmac_sha1_80 || suite == SrtpSuite::aes_256_cm_hmac_sha1_32 ||
                      suite == SrtpSuite::aead_aes_256_gcm;
  return is_256 ? 32 : 16;
}
constexpr std::size_t salt_bytes(SrtpSuite suite) { return is_aead(suite) ? 12 : 14; }
constexpr std::size_t tag_bytes(SrtpSuite suite) {  // of SRTP
  if (is_aead(suite)) return 16;
  const bool is_short = suite == SrtpSuite::aes_cm_128_hmac_sha1_32 || suite == SrtpSuite::aes_256_cm_hmac_sha1_32;
  return is_short ? 4 : 10;
}

}  // namespace assent
