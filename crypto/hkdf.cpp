#include "crypto/hkdf.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

#include "crypto/wipe.h"

namespace assent {

namespace {

template <typename Mac>
Mac hmac(const EVP_MD* hash, ByteView key, ByteView data) {
  Mac mac;
  unsigned int size = 0;
  // OpenSSL reads a null key as "the key of last time", so an empty one still needs an address.
  static constexpr std::uint8_t kNoKey = 0;
  const void* key_start = key.empty() ? &kNoKey : key.data();
  ASSENT_CHECK(HMAC(hash, key_start, static_cast<int>(key.size()), data.data(), data.size(), mac.data(), &size) !=
               nullptr);
  ASSENT_CHECK(size == mac.size());
  return mac;
}

}  // namespace

HmacSha256 hmac_sha256(ByteView key, ByteView data) { return hmac<HmacSha256>(EVP_sha256(), key, data); }
HmacSha512 hmac_sha512(ByteView key, ByteView data) { return hmac<HmacSha512>(EVP_sha512(), key, data); }

// An HMAC key is padded with zeros to the hash's block, so an empty salt and 64 zero bytes are the same.
HmacSha512 hkdf_sha512_extract(ByteView salt, ByteView input_key) { return hmac_sha512(salt, input_key); }

Result<void> hkdf_sha512_expand(const HmacSha512& prk, ByteView info, ByteSpan out) {
  if (out.size() > kHkdfSha512MostBytes) {
    return error(Errc::invalid, "HKDF-SHA512 gives at most 16320 bytes, not " + std::to_string(out.size()));
  }
  // T(n) = HMAC(PRK, T(n-1) | info | n), T(0) empty. Reserved at once, so that no key material is left in a freed
  // buffer.
  Bytes input;
  input.reserve(prk.size() + info.size() + 1);
  HmacSha512 block{};
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    append(input, info);
    input.push_back(counter);
    block = hmac_sha512(prk, input);
    const std::size_t take = std::min(out.size(), block.size());
    std::memcpy(out.data(), block.data(), take);
    out = out.subspan(take);
    input.assign(block.begin(), block.end());
  }
  wipe(input);
  wipe(block);
  return {};
}

Result<void> hkdf_sha512(ByteView salt, ByteView input_key, ByteView info, ByteSpan out) {
  HmacSha512 prk = hkdf_sha512_extract(salt, input_key);
  auto done = hkdf_sha512_expand(prk, info, out);
  wipe(prk);
  return done;
}

}  // namespace assent
