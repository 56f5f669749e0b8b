#include "crypto/secret_buffer.h"

#include <openssl/crypto.h>

#include <new>
#include <utility>

namespace assent {

SecretBuffer::SecretBuffer(std::size_t bytes)
    : bytes_(static_cast<std::uint8_t*>(OPENSSL_secure_zalloc(bytes))), size_(bytes) {
  if (bytes_ == nullptr) throw std::bad_alloc();
}

SecretBuffer::SecretBuffer(SecretBuffer&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBuffer::~SecretBuffer() { OPENSSL_secure_clear_free(bytes_, size_); }

}  // namespace assent
