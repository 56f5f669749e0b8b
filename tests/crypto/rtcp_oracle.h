// Protected RTCP made from its definition with OpenSSL: AES-GCM (RFC 7714 9) and AES-CM with HMAC-SHA1 (RFC 3711 3.4).
// What libsrtp makes of RTCP is compared with it.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/bytes.h"
#include "crypto/aes_gcm.h"

namespace assent::test {

constexpr std::uint32_t kEncrypted = 0x80000000;

inline Bytes seal_rtcp_gcm(const Bytes& key, const Bytes& salt, const Bytes& plain, std::uint32_t index) {
  std::array<std::uint8_t, 12> iv{};
  std::copy(plain.begin() + 4, plain.begin() + 8, iv.begin() + 2);
  store_be32(iv.data() + 8, index);
  for (std::size_t i = 0; i < iv.size(); ++i) iv[i] ^= salt[i];
  Bytes aad(plain.begin(), plain.begin() + 8);
  append_be32(aad, index | kEncrypted);
  Bytes out(plain);
  std::array<std::uint8_t, kGcmTagBytes> tag{};
  AesGcm gcm(AesGcm::Engine::openssl);
  const ByteSpan text = ByteSpan(out).subspan(8);
  if (!gcm.set_key(key) || !gcm.seal(iv, aad, text, text, tag)) return {};
  append(out, tag);
  append_be32(out, index | kEncrypted);
  return out;
}

// `packet`, its last word and the tag over both.
inline Bytes tagged(const Bytes& packet, std::uint32_t word, const Bytes& authentication) {
  Bytes out(packet);
  append_be32(out, word);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> tag{};
  HMAC(EVP_sha1(), authentication.data(), static_cast<int>(authentication.size()), out.data(), out.size(), tag.data(),
       nullptr);
  append(out, ByteView(tag).first(10));
  return out;
}

inline Bytes seal_rtcp_cm(const Bytes& key, const Bytes& salt, const Bytes& authentication, const Bytes& plain,
                          std::uint32_t index) {
  std::array<std::uint8_t, 16> iv{};
  std::copy(plain.begin() + 4, plain.begin() + 8, iv.begin() + 4);
  store_be32(iv.data() + 10, index);
  for (std::size_t i = 0; i < salt.size(); ++i) iv[i] ^= salt[i];
  Bytes out(plain);
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  int written = 0;
  EVP_EncryptInit_ex(context, key.size() == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), nullptr, key.data(), iv.data());
  EVP_EncryptUpdate(context, out.data() + 8, &written, out.data() + 8, static_cast<int>(out.size() - 8));
  EVP_CIPHER_CTX_free(context);
  return tagged(out, index | kEncrypted, authentication);
}

}  // namespace assent::test
