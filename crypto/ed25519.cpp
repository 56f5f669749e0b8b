#include "crypto/ed25519.h"

#include <openssl/evp.h>

#include <memory>

#include "base/result.h"

namespace assent {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

constexpr const char* kName = "ED25519";

// OpenSSL keeps the private part in its secure heap, as SecretKey does, and wipes it.
Key private_key(const SecretKey& seed) {
  const auto bytes = seed.reveal();
  Key key(EVP_PKEY_new_raw_private_key_ex(nullptr, kName, nullptr, bytes.data(), bytes.size()));
  ASSENT_CHECK(key != nullptr);  // every 32 bytes are a seed
  return key;
}

}  // namespace

Ed25519PublicKey ed25519_public_key(const SecretKey& seed) {
  Ed25519PublicKey bytes;
  std::size_t size = bytes.size();
  ASSENT_CHECK(EVP_PKEY_get_raw_public_key(private_key(seed).get(), bytes.data(), &size) == 1 && size == bytes.size());
  return bytes;
}

Ed25519Signature ed25519_sign(const SecretKey& seed, ByteView message) {
  const Key key = private_key(seed);
  const Context context(EVP_MD_CTX_new());
  ASSENT_CHECK(context != nullptr);
  ASSENT_CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key.get(), nullptr) == 1);
  Ed25519Signature signature;
  std::size_t size = signature.size();
  ASSENT_CHECK(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
  ASSENT_CHECK(size == signature.size());
  return signature;
}

bool ed25519_verify(const Ed25519PublicKey& key, ByteView message, ByteView signature) {
  const Key point(EVP_PKEY_new_raw_public_key_ex(nullptr, kName, nullptr, key.data(), key.size()));
  if (point == nullptr) return false;
  const Context context(EVP_MD_CTX_new());
  ASSENT_CHECK(context != nullptr);
  ASSENT_CHECK(EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, point.get(), nullptr) == 1);
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace assent
