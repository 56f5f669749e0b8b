#include "crypto/srtp_suite.h"

#include <algorithm>

namespace assent {

std::string_view name_of(SrtpSuite suite) {
  switch (suite) {
    case SrtpSuite::aes_cm_128_hmac_sha1_80: return "AES_CM_128_HMAC_SHA1_80";
    case SrtpSuite::aes_cm_128_hmac_sha1_32: return "AES_CM_128_HMAC_SHA1_32";
    case SrtpSuite::aes_256_cm_hmac_sha1_80: return "AES_256_CM_HMAC_SHA1_80";
    case SrtpSuite::aes_256_cm_hmac_sha1_32: return "AES_256_CM_HMAC_SHA1_32";
    case SrtpSuite::aead_aes_128_gcm: return "AEAD_AES_128_GCM";
    case SrtpSuite::aead_aes_256_gcm: return "AEAD_AES_256_GCM";
  }
  return "unknown";
}

std::optional<SrtpSuite> srtp_suite_named(std::string_view name) {
  const auto* found =
      std::find_if(kSrtpSuites.begin(), kSrtpSuites.end(), [&](SrtpSuite suite) { return name_of(suite) == name; });
  if (found == kSrtpSuites.end()) return std::nullopt;
  return *found;
}

}  // namespace assent
