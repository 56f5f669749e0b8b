#include "crypto/aes_gcm.h"

#include <openssl/evp.h>

#include <climits>
#include <cstring>
#include <optional>

#include "base/limits.h"
#include "crypto/constant_time.h"
#include "crypto/gcm_long_iv.h"
#include "crypto/random.h"
#include "crypto/vector_gcm.h"
#include "crypto/wipe.h"

namespace assent {

namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const EVP_CIPHER* cipher_for(std::size_t key_bytes) {
  switch (key_bytes) {
    case 16: return EVP_aes_128_gcm();
    case 24: return EVP_aes_192_gcm();
    case 32: return EVP_aes_256_gcm();
    default: return nullptr;
  }
}

int size_of(ByteView bytes) { return static_cast<int>(bytes.size()); }

Error refused(std::string what) { return error(Errc::invalid, "AES-GCM: " + std::move(what)); }
Error not_authentic() { return error(Errc::corrupt, "AES-GCM: the tag does not match: another key, or damaged bytes"); }

}  // namespace

struct AesGcm::State {
  ~State() { wipe(key); }

  Result<void> check(ByteView iv, ByteView aad, std::size_t in_bytes, std::size_t out_bytes) const;
  bool suits_vectors(ByteView iv) const { return vectors && key_bytes == 32 && iv.size() == kGcmIvBytes; }
  void key_context();
  void start(GcmDirection direction, ByteView iv, ByteView aad);

  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context{EVP_CIPHER_CTX_new()};
  // For long IVs. The expanded key in the context begins with the same bytes, so nothing more is exposed by it.
  std::array<std::uint8_t, 32> key{};
  std::size_t key_bytes = 0;          // 0: no key yet
  std::size_t context_key_bytes = 0;  // of the key the context had last; 0: none
  bool context_keyed = false;         // and it is this one
  std::optional<VectorGcm> vectors;
  std::size_t iv_bytes = kGcmIvBytes;
};

AesGcm::AesGcm(Engine engine) : state_(std::make_unique<State>()) {
  ASSENT_CHECK(state_->context != nullptr);
  if (engine == Engine::fastest && VectorGcm::is_available()) state_->vectors.emplace();
}
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm& AesGcm::operator=(AesGcm&&) noexcept = default;
AesGcm::~AesGcm() = default;

Result<void> AesGcm::set_key(ByteView key) {
  if (cipher_for(key.size()) == nullptr) {
    return refused("a key has 16, 24 or 32 bytes, not " + std::to_string(key.size()));
  }
  if (equal_constant_time(key, {state_->key.data(), state_->key_bytes})) return {};
  std::memcpy(state_->key.data(), key.data(), key.size());
  state_->key_bytes = key.size();
  state_->context_keyed = false;
  if (state_->vectors && key.size() == limits::kKeyBytes) {
    state_->vectors->set_key(key.first<limits::kKeyBytes>());
  }
  return {};
}

// Only when the context is needed, which it may never be.
void AesGcm::State::key_context() {
  if (context_keyed) return;
  // Naming the cipher makes OpenSSL look it up and allocate: only when the size changes.
  const EVP_CIPHER* changed = key_bytes == context_key_bytes ? nullptr : cipher_for(key_bytes);
  ASSENT_CHECK(EVP_CipherInit_ex2(context.get(), changed, key.data(), nullptr, 1, nullptr) == 1);
  if (changed != nullptr) iv_bytes = kGcmIvBytes;
  context_key_bytes = key_bytes;
  context_keyed = true;
}

Result<void> AesGcm::State::check(ByteView iv, ByteView aad, std::size_t in_bytes, std::size_t out_bytes) const {
  if (key_bytes == 0) return refused("no key is set");
  if (iv.empty()) return refused("an empty IV would give the authentication key away");
  if (in_bytes != out_bytes) return refused("input and output differ in length");
  if (in_bytes > INT_MAX || aad.size() > INT_MAX) return refused("more than 2 GiB in one message");
  return {};
}

void AesGcm::State::start(GcmDirection direction, ByteView iv, ByteView aad) {
  key_context();
  EVP_CIPHER_CTX* c = context.get();
  if (iv.size() != iv_bytes) {
    ASSENT_CHECK(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, size_of(iv), nullptr) == 1);
    iv_bytes = iv.size();
  }
  const int encrypt = direction == GcmDirection::seal ? 1 : 0;
  ASSENT_CHECK(EVP_CipherInit_ex2(c, nullptr, nullptr, iv.data(), encrypt, nullptr) == 1);
  int size = 0;
  if (!aad.empty()) ASSENT_CHECK(EVP_CipherUpdate(c, nullptr, &size, aad.data(), size_of(aad)) == 1);
}

Result<void> AesGcm::seal(ByteView iv, ByteView aad, ByteView plain, ByteSpan cipher,
                          std::span<std::uint8_t, kGcmTagBytes> tag) {
  State& state = *state_;
  if (auto fine = state.check(iv, aad, plain.size(), cipher.size()); !fine) return fine;
  if (state.suits_vectors(iv)) {
    state.vectors->seal(iv.first<kGcmIvBytes>(), aad, plain, cipher, tag);
    return {};
  }
  if (iv.size() > kEvpMostIvBytes) {
    const auto made = gcm_with_long_iv(GcmDirection::seal, {state.key.data(), state.key_bytes}, iv, aad, plain, cipher);
    std::memcpy(tag.data(), made.data(), made.size());
    return {};
  }
  EVP_CIPHER_CTX* c = state.context.get();
  state.start(GcmDirection::seal, iv, aad);
  int size = 0;
  if (!plain.empty()) {
    ASSENT_CHECK(EVP_EncryptUpdate(c, cipher.data(), &size, plain.data(), size_of(plain)) == 1);
    ASSENT_CHECK(size == size_of(plain));
  }
  std::uint8_t nothing[EVP_MAX_BLOCK_LENGTH];
  ASSENT_CHECK(EVP_EncryptFinal_ex(c, nothing, &size) == 1 && size == 0);
  ASSENT_CHECK(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag.data()) == 1);
  return {};
}

Result<void> AesGcm::open(ByteView iv, ByteView aad, ByteView cipher, std::span<const std::uint8_t, kGcmTagBytes> tag,
                          ByteSpan plain) {
  State& state = *state_;
  if (auto fine = state.check(iv, aad, cipher.size(), plain.size()); !fine) return fine;
  if (state.suits_vectors(iv)) {
    std::array<std::uint8_t, kGcmTagBytes> made;
    state.vectors->open(iv.first<kGcmIvBytes>(), aad, cipher, plain, made);
    if (equal_constant_time(made, tag)) return {};
    wipe(plain);
    return not_authentic();
  }
  if (iv.size() > kEvpMostIvBytes) {
    const auto made = gcm_with_long_iv(GcmDirection::open, {state.key.data(), state.key_bytes}, iv, aad, cipher, plain);
    if (equal_constant_time(made, tag)) return {};
    wipe(plain);
    return not_authentic();
  }
  EVP_CIPHER_CTX* c = state.context.get();
  state.start(GcmDirection::open, iv, aad);
  int size = 0;
  if (!cipher.empty()) {
    ASSENT_CHECK(EVP_DecryptUpdate(c, plain.data(), &size, cipher.data(), size_of(cipher)) == 1);
    ASSENT_CHECK(size == size_of(cipher));
  }
  // The control call takes a mutable pointer and only reads.
  ASSENT_CHECK(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, const_cast<std::uint8_t*>(tag.data())) == 1);
  std::uint8_t nothing[EVP_MAX_BLOCK_LENGTH];
  if (EVP_DecryptFinal_ex(c, nothing, &size) == 1) return {};
  wipe(plain);
  return not_authentic();
}

Bytes seal_with_random_iv(const SecretKey& key, ByteView aad, ByteView plain) {
  Bytes sealed(plain.size() + kSealedOverhead);
  const ByteSpan out(sealed);
  const auto iv = out.first<kGcmIvBytes>();
  random_bytes(iv);
  AesGcm gcm;
  ASSENT_CHECK(gcm.set_key(key.reveal()));
  ASSENT_CHECK(gcm.seal(iv, aad, plain, out.subspan(kGcmIvBytes, plain.size()), out.last<kGcmTagBytes>()));
  return sealed;
}

Result<void> open_with_random_iv(const SecretKey& key, ByteView aad, ByteView sealed, ByteSpan plain) {
  if (sealed.size() < kSealedOverhead) {
    return error(Errc::corrupt, "sealed bytes are too short: " + std::to_string(sealed.size()));
  }
  AesGcm gcm;
  ASSENT_CHECK(gcm.set_key(key.reveal()));
  return gcm.open(sealed.first<kGcmIvBytes>(), aad, sealed.subspan(kGcmIvBytes, sealed.size() - kSealedOverhead),
                  sealed.last<kGcmTagBytes>(), plain);
}

}  // namespace assent
