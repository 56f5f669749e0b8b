#include "crypto/srtp_keys.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <string>

#include "base/limits.h"

namespace assent {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }  // wipes it, too
};

}  // namespace

Result<SrtpMasterKey> SrtpMasterKey::create(SrtpSuite suite, ByteView key_and_salt, ByteView mki) {
  const std::size_t wanted = key_bytes(suite) + salt_bytes(suite);
  if (key_and_salt.size() != wanted) {
    return error(Errc::invalid, std::string(name_of(suite)) + " has a key and salt of " + std::to_string(wanted) +
                                    " bytes, not " + std::to_string(key_and_salt.size()));
  }
  if (mki.size() > limits::kSrtpMkiBytes) {
    return error(Errc::invalid, "an MKI has at most " + std::to_string(limits::kSrtpMkiBytes) + " bytes, not " +
                                    std::to_string(mki.size()));
  }
  try {
    return SrtpMasterKey(suite, key_and_salt, mki);
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for an SRTP key");
  }
}

SrtpMasterKey::SrtpMasterKey(SrtpSuite suite, ByteView key_and_salt, ByteView mki)
    : suite_(suite), mki_(mki.begin(), mki.end()), secret_(key_and_salt.size()) {
  std::copy(key_and_salt.begin(), key_and_salt.end(), secret_.reveal().begin());
}

// The keystream of AES-CM that begins at x * 2^16, where x is the salt with the label over its eighth byte:
//
//     |  7 salt  | 1 salt ^ label |  6 salt  | 2 counter: 0 |
void derive_srtp(const SrtpMasterKey& master, SrtpLabel label, ByteSpan out) {
  std::array<std::uint8_t, 16> start{};
  const ByteView salt = master.reveal_salt();
  std::copy(salt.begin(), salt.end(), start.begin());
  start[7] ^= static_cast<std::uint8_t>(label);

  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  const ByteView key = master.reveal_key();
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  int written = 0;
  ASSENT_CHECK(context != nullptr);
  ASSENT_CHECK(EVP_EncryptInit_ex(context.get(), key.size() == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), nullptr,
                                  key.data(), start.data()) == 1);
  ASSENT_CHECK(EVP_EncryptUpdate(context.get(), out.data(), &written, out.data(), static_cast<int>(out.size())) == 1);
}

SrtpSessionKeys SrtpSessionKeys::derive(const SrtpMasterKey& master, SrtpProtocol protocol) {
  const bool is_rtp = protocol == SrtpProtocol::rtp;
  const SrtpSuite suite = master.suite();
  SrtpSessionKeys keys(suite);
  const ByteSpan to = keys.secret_.reveal();
  derive_srtp(master, is_rtp ? SrtpLabel::rtp_encryption : SrtpLabel::rtcp_encryption, to.first(key_bytes(suite)));
  derive_srtp(master, is_rtp ? SrtpLabel::rtp_salt : SrtpLabel::rtcp_salt,
              to.subspan(SrtpKeyView::kSaltAt, salt_bytes(suite)));
  if (!is_aead(suite)) {
    derive_srtp(master, is_rtp ? SrtpLabel::rtp_authentication : SrtpLabel::rtcp_authentication,
                to.subspan(SrtpKeyView::kAuthenticationAt));
  }
  return keys;
}

}  // namespace assent
