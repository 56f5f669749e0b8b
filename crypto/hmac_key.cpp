#include "crypto/hmac_key.h"

#include <algorithm>

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

}  // namespace

HmacKey::HmacKey(ByteView secret) : halves_(halves_of(secret)) {}

HmacSha256 HmacKey::sign(std::initializer_list<ByteView> parts) const {
  Bytes message;
  for (const ByteView part : parts) append(message, part);
  Block block;
  const auto first = halves_[0].reveal();
  const auto last = halves_[1].reveal();
  std::copy(last.begin(), last.end(), std::copy(first.begin(), first.end(), block.begin()));
  const HmacSha256 tag = hmac_sha256(block, message);
  wipe(block);
  return tag;
}

}  // namespace assent
