#include "crypto/digest_hash.h"

#include <openssl/evp.h>

#include <array>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/wipe.h"

namespace assent {

std::string_view name_of(DigestAlgorithm algorithm) { return algorithm == DigestAlgorithm::md5 ? "MD5" : "SHA-256"; }

std::string digest_hash(DigestAlgorithm algorithm, std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  const EVP_MD* hash = algorithm == DigestAlgorithm::md5 ? EVP_md5() : EVP_sha256();
  ASSENT_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, hash, nullptr) == 1);
  std::string hex = to_hex(ByteView(digest.data(), size));
  wipe(digest);
  return hex;
}

}  // namespace assent
