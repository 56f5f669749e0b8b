#include "crypto/hmac_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

#include "crypto/sha256.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::size_t kBlockBytes = 2 * SecretKey::kBytes;  // of SHA-256
using Block = std::array<std::uint8_t, kBlockBytes>;

std::array<SecretKey, 2> halves_of(ByteView secret) {
  Block block{};
  if (secret.size() > block.size()) {
    Sha256Digest digest = sha256(secret);
    std::copy(digest.begin(), digest.end(), block.begin());
    wipe(digest);
  } else {
    std::copy(secret.begin(), secret.end(), block.begin());
  }
  const std::span<const std::uint8_t, kBlockBytes> all(block);
  std::array<SecretKey, 2> halves{SecretKey(all.first<SecretKey::kBytes>()), SecretKey(all.last<SecretKey::kBytes>())};
  wipe(block);
  return halves;
}

using Mac = std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

}  // namespace

HmacKey::HmacKey(ByteView secret) : halves_(halves_of(secret)) {}

HmacSha256 HmacKey::sign(std::initializer_list<ByteView> parts) const {
  const Mac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
  ASSENT_CHECK(mac != nullptr);
  const MacContext context(EVP_MAC_CTX_new(mac.get()), EVP_MAC_CTX_free);
  ASSENT_CHECK(context != nullptr);
  char hash[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                   OSSL_PARAM_construct_end()};
  Block block;
  const auto first = halves_[0].reveal();
  const auto last = halves_[1].reveal();
  std::copy(last.begin(), last.end(), std::copy(first.begin(), first.end(), block.begin()));
  const bool begun = EVP_MAC_init(context.get(), block.data(), block.size(), parameters) == 1;
  wipe(block);
  ASSENT_CHECK(begun);
  for (const ByteView part : parts) ASSENT_CHECK(EVP_MAC_update(context.get(), part.data(), part.size()) == 1);
  HmacSha256 tag{};
  std::size_t size = 0;
  ASSENT_CHECK(EVP_MAC_final(context.get(), tag.data(), &size, tag.size()) == 1 && size == tag.size());
  return tag;
}

}  // namespace assent
