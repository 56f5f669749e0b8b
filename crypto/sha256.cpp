#include "crypto/sha256.h"

#include <openssl/evp.h>

#include "base/result.h"

namespace assent {

Sha256Digest sha256(ByteView data) {
  Sha256Digest digest;
  ASSENT_CHECK(EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return digest;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  ASSENT_CHECK(context_ != nullptr && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

void Sha256::update(ByteView data) { ASSENT_CHECK(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1); }

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  ASSENT_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  ASSENT_CHECK(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1);
  return digest;
}

}  // namespace assent
