#include "crypto/secret.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "crypto/constant_time.h"
#include "crypto/random.h"

namespace assent {

std::string_view name_of(SecretMemory state) {
  switch (state) {
    case SecretMemory::locked: return "locked";
    case SecretMemory::unlocked: return "unlocked";
  }
  return "unknown";
}

Result<SecretMemory> start_secret_memory(std::size_t bytes) {
  constexpr std::size_t kLeast = std::size_t{64} * 1024;
  if (CRYPTO_secure_malloc_initialized() != 0) {
    return error(Errc::conflict, "the memory for keys is already reserved");
  }
  // 1: all done; 2: usable, but locking it or a guard page was refused.
  const int done = CRYPTO_secure_malloc_init(std::bit_ceil(std::max(bytes, kLeast)), SecretKey::kBytes);
  if (done == 0) return error(Errc::io, "no memory to reserve for keys (" + std::to_string(bytes) + " bytes)");
  return done == 1 ? SecretMemory::locked : SecretMemory::unlocked;
}

SecretKey::SecretKey() : bytes_(static_cast<std::uint8_t*>(OPENSSL_secure_zalloc(kBytes))) {
  if (bytes_ == nullptr) throw std::bad_alloc();
}

SecretKey::SecretKey(std::span<const std::uint8_t, kBytes> bytes) : SecretKey() {
  std::memcpy(bytes_, bytes.data(), kBytes);
}

SecretKey SecretKey::random() {
  return filled_by([](std::span<std::uint8_t, kBytes> bytes) { random_bytes(bytes); });
}

Result<SecretKey> SecretKey::from_bytes(ByteView bytes) {
  if (bytes.size() != kBytes) {
    return error(Errc::invalid, "a key has 32 bytes, not " + std::to_string(bytes.size()));
  }
  return SecretKey(bytes.first<kBytes>());
}

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    release();
    bytes_ = std::exchange(other.bytes_, nullptr);
  }
  return *this;
}

SecretKey::~SecretKey() { release(); }

void SecretKey::release() { OPENSSL_secure_clear_free(std::exchange(bytes_, nullptr), kBytes); }

SecretKey SecretKey::duplicate() const { return SecretKey(reveal()); }

std::span<const std::uint8_t, SecretKey::kBytes> SecretKey::reveal() const {
  ASSENT_CHECK(bytes_ != nullptr);
  return std::span<const std::uint8_t, kBytes>(bytes_, kBytes);
}

bool SecretKey::operator==(const SecretKey& other) const { return equal_constant_time(reveal(), other.reveal()); }

}  // namespace assent
