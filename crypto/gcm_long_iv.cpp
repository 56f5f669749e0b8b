#include "crypto/gcm_long_iv.h"

#include <openssl/evp.h>
#include <openssl/modes.h>

#include <memory>

#include "base/result.h"

namespace assent {

namespace {

const EVP_CIPHER* one_block(std::size_t key_bytes) {
  switch (key_bytes) {
    case 16: return EVP_aes_128_ecb();
    case 24: return EVP_aes_192_ecb();
    default: return EVP_aes_256_ecb();
  }
}

// OpenSSL's GCM mode calls this for each block; `context` is the EVP context of the bare cipher.
void encrypt_block(const unsigned char in[16], unsigned char out[16], const void* context) {
  auto* cipher = static_cast<EVP_CIPHER_CTX*>(const_cast<void*>(context));
  int size = 0;
  ASSENT_CHECK(EVP_EncryptUpdate(cipher, out, &size, in, 16) == 1 && size == 16);
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
struct FreeGcm {
  void operator()(GCM128_CONTEXT* context) const { CRYPTO_gcm128_release(context); }
};

}  // namespace

std::array<std::uint8_t, 16> gcm_with_long_iv(GcmDirection direction, ByteView key, ByteView iv, ByteView aad,
                                              ByteView in, ByteSpan out) {
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> cipher(EVP_CIPHER_CTX_new());
  ASSENT_CHECK(cipher != nullptr);
  ASSENT_CHECK(EVP_EncryptInit_ex2(cipher.get(), one_block(key.size()), key.data(), nullptr, nullptr) == 1);
  const std::unique_ptr<GCM128_CONTEXT, FreeGcm> gcm(CRYPTO_gcm128_new(cipher.get(), encrypt_block));
  ASSENT_CHECK(gcm != nullptr);
  CRYPTO_gcm128_setiv(gcm.get(), iv.data(), iv.size());
  ASSENT_CHECK(CRYPTO_gcm128_aad(gcm.get(), aad.data(), aad.size()) == 0);
  const int done = direction == GcmDirection::seal ? CRYPTO_gcm128_encrypt(gcm.get(), in.data(), out.data(), in.size())
                                                   : CRYPTO_gcm128_decrypt(gcm.get(), in.data(), out.data(), in.size());
  ASSENT_CHECK(done == 0);
  std::array<std::uint8_t, 16> tag;
  CRYPTO_gcm128_tag(gcm.get(), tag.data(), tag.size());
  return tag;
}

}  // namespace assent
