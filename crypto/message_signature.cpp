#include "crypto/message_signature.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/result.h"

namespace assent {

namespace {

EVP_PKEY* public_key(Bytes point) {
  std::string curve = "secp384r1";
  const std::array params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end(),
  };
  EVP_PKEY* key = nullptr;
  EVP_PKEY_CTX* maker = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
  // A point that is not on the curve is refused here.
  if (maker != nullptr && EVP_PKEY_fromdata_init(maker) == 1) {
    EVP_PKEY_fromdata(maker, &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params.data()));
  }
  EVP_PKEY_CTX_free(maker);
  return key;
}

}  // namespace

void MessageSignature::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }
void MessageSignature::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

std::optional<MessageSignature> MessageSignature::create(const MessageContext& context) {
  const auto pair = std::find_if(context.begin(), context.end(),
                                 [](const auto& candidate) { return candidate.first == "aws-crypto-public-key"; });
  if (pair == context.end()) return std::nullopt;
  auto point = from_base64(pair->second);
  if (!point) return std::nullopt;
  MessageSignature signature;
  signature.key_.reset(public_key(*std::move(point)));
  if (signature.key_ == nullptr) return std::nullopt;
  signature.context_.reset(EVP_MD_CTX_new());
  ASSENT_CHECK(signature.context_ != nullptr);
  ASSENT_CHECK(EVP_DigestVerifyInit_ex(signature.context_.get(), nullptr, "SHA384", nullptr, nullptr,
                                       signature.key_.get(), nullptr) == 1);
  return signature;
}

void MessageSignature::update(ByteView message_bytes) {
  ASSENT_CHECK(EVP_DigestVerifyUpdate(context_.get(), message_bytes.data(), message_bytes.size()) == 1);
}

bool MessageSignature::verify(ByteView signature) {
  return EVP_DigestVerifyFinal(context_.get(), signature.data(), signature.size()) == 1;
}

}  // namespace assent
