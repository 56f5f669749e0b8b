#include "crypto/age_encryptor.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <utility>

#include "crypto/hkdf.h"
#include "crypto/random.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::size_t kFileKeyBytes = 16;
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kTagBytes = 16;
constexpr std::string_view kVersion = "age-encryption.org/v1";
constexpr std::string_view kStanza = "X25519";
constexpr std::string_view kWrapLabel = "age-encryption.org/v1/X25519";

using Key32 = std::array<std::uint8_t, 32>;
using ChunkNonce = std::array<std::uint8_t, 12>;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free>;

// RFC 5869 with SHA-256, of one block.
SecretKey hkdf_sha256(ByteView salt, ByteView input_key, std::string_view info) {
  HmacSha256 prk = hmac_sha256(salt, input_key);
  Bytes message(info.begin(), info.end());
  message.push_back(1);
  auto key = SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> out) {
    HmacSha256 block = hmac_sha256(prk, message);
    std::copy(block.begin(), block.end(), out.begin());
    wipe(block);
  });
  wipe(prk);
  return key;
}

// | ciphertext | 16 tag |
Bytes seal_chacha(const SecretKey& key, const ChunkNonce& nonce, ByteView plain) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  ASSENT_CHECK(context != nullptr);
  ASSENT_CHECK(
      EVP_EncryptInit_ex2(context.get(), EVP_chacha20_poly1305(), key.reveal().data(), nonce.data(), nullptr) == 1);
  Bytes sealed(plain.size() + kTagBytes);
  int written = 0;
  int last = 0;
  if (!plain.empty()) {
    ASSENT_CHECK(
        EVP_EncryptUpdate(context.get(), sealed.data(), &written, plain.data(), static_cast<int>(plain.size())) == 1);
  }
  ASSENT_CHECK(EVP_EncryptFinal_ex(context.get(), sealed.data() + written, &last) == 1);
  ASSENT_CHECK(static_cast<std::size_t>(written + last) == plain.size());
  ASSENT_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, &sealed[plain.size()]) == 1);
  return sealed;
}

// RFC 7748. Nothing when the two have only zero in common, which a key of low order does.
std::optional<SecretKey> x25519(const SecretKey& secret, const Key32& with) {
  const Pkey ours(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret.reveal().data(), 32));
  const Pkey theirs(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, with.data(), with.size()));
  ASSENT_CHECK(ours != nullptr && theirs != nullptr);
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, ours.get(), nullptr));
  ASSENT_CHECK(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1);
  if (EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1) return std::nullopt;
  bool derived = false;
  auto shared = SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> out) {
    std::size_t size = out.size();
    derived = EVP_PKEY_derive(context.get(), out.data(), &size) == 1 && size == out.size();
  });
  if (!derived) return std::nullopt;
  return shared;
}

Key32 public_part(const SecretKey& secret) {
  const Pkey key(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret.reveal().data(), 32));
  Key32 part{};
  std::size_t size = part.size();
  ASSENT_CHECK(key != nullptr && EVP_PKEY_get_raw_public_key(key.get(), part.data(), &size) == 1);
  return part;
}

std::string unpadded(ByteView bytes) {
  std::string text = to_base64(bytes);
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

}  // namespace

AgeEncryptor::AgeEncryptor(SecretKey payload_key, Sink sink)
    : payload_key_(std::move(payload_key)), sink_(std::move(sink)) {
  waiting_.reserve(kChunkBytes);
}

AgeEncryptor::AgeEncryptor(AgeEncryptor&&) noexcept = default;
AgeEncryptor& AgeEncryptor::operator=(AgeEncryptor&&) noexcept = default;
AgeEncryptor::~AgeEncryptor() { wipe(waiting_); }

Result<AgeEncryptor> AgeEncryptor::create(const AgeRecipient& recipient, Sink sink) {
  try {
    const SecretKey ephemeral = SecretKey::random();
    const Key32 share = public_part(ephemeral);
    const auto shared = x25519(ephemeral, recipient.key());
    if (!shared) return error(Errc::invalid, "no age recipient: its key has no secret in common with anybody");
    std::array<std::uint8_t, kFileKeyBytes> file_key{};
    random_bytes(file_key);
    Bytes salt(share.begin(), share.end());
    append(salt, recipient.key());
    const Bytes wrapped = seal_chacha(hkdf_sha256(salt, shared->reveal(), kWrapLabel), ChunkNonce{}, file_key);

    std::string head = std::string(kVersion) + "\n-> " + std::string(kStanza) + " " + unpadded(share) + "\n" +
                       unpadded(wrapped) + "\n---";
    const SecretKey mac_key = hkdf_sha256({}, file_key, "header");
    head += " " + unpadded(hmac_sha256(mac_key.reveal(), bytes_of(head))) + "\n";
    std::array<std::uint8_t, kNonceBytes> nonce{};
    random_bytes(nonce);
    AgeEncryptor made(hkdf_sha256(nonce, file_key, "payload"), std::move(sink));
    wipe(file_key);
    if (auto written = made.sink_(bytes_of(head)); !written) return written.error();
    if (auto written = made.sink_(nonce); !written) return written.error();
    return made;
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for another key");
  }
}

Result<void> AgeEncryptor::seal(ByteView plain, bool is_last) {
  ChunkNonce nonce{};
  store_be64(&nonce[3], chunks_++);
  nonce[11] = is_last ? 1 : 0;
  return sink_(seal_chacha(payload_key_, nonce, plain));
}

Result<void> AgeEncryptor::write(ByteView plain) {
  while (!plain.empty()) {
    if (waiting_.size() == kChunkBytes) {
      if (auto sealed = seal(waiting_, false); !sealed) return sealed;
      wipe(waiting_);
      waiting_.clear();
    }
    const ByteView part = plain.first(std::min(kChunkBytes - waiting_.size(), plain.size()));
    append(waiting_, part);
    plain = plain.subspan(part.size());
  }
  return {};
}

Result<void> AgeEncryptor::finish() { return seal(waiting_, true); }

}  // namespace assent
