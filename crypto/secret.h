// SecretKey: 32 bytes that are wiped when their owner goes, live in memory that is neither swapped nor dumped, compare
// in constant time, and cannot be printed or copied by accident. Whoever reads the bytes says so: `key.reveal()`.
//
// The memory is OpenSSL's secure heap (locked, MADV_DONTDUMP, guard pages at both ends). `main` reserves it once,
// before the first key, with start_secret_memory; a program that does not (a test) keeps its keys in ordinary memory,
// and secret_memory() says so. When the reserve is used up, making a key throws std::bad_alloc, as any allocation does;
// the functions of crypto/ that return a Result turn that into Errc::exhausted. limits::kSecretBytesPerCall is the
// arithmetic.
//
// What this does not cover: while a key is in use, its expanded form stands in an EVP context in ordinary memory, until
// the context gets another key or is destroyed, which wipes it.
//
// Making and destroying keys: any thread. One key object: as any value, one writer or many readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

enum class SecretMemory {
  locked,
  unlocked,  // kept out of core files, but the limit on locked memory did not allow locking it
};
std::string_view name_of(SecretMemory state);

// Reserves `bytes` (rounded up to a power of two, at least 64 KiB) for keys and says whether they are locked. When they
// are not, keys work all the same: the caller decides whether that will do, and says so. Errc::io when there is no
// memory, Errc::conflict on a second call. Not thread-safe; before other threads start.
Result<SecretMemory> start_secret_memory(std::size_t bytes);

class SecretKey {
 public:
  static constexpr std::size_t kBytes = 32;

  static SecretKey random();                                        // getrandom(2)
  explicit SecretKey(std::span<const std::uint8_t, kBytes> bytes);  // copies; the caller wipes the original
  static Result<SecretKey> from_bytes(ByteView bytes);              // Errc::invalid unless exactly 32
  // Calls fill(std::span<std::uint8_t, 32>) on the key's own memory, so that the bytes never stand anywhere else.
  template <typename Fill>
  static SecretKey filled_by(Fill&& fill) {
    SecretKey key;
    fill(std::span<std::uint8_t, kBytes>(key.bytes_, kBytes));
    return key;
  }

  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();

  SecretKey duplicate() const;  // a second owner, on purpose
  std::span<const std::uint8_t, kBytes> reveal() const;
  bool operator==(const SecretKey& other) const;  // constant time

 private:
  SecretKey();  // allocated, zero
  void release();

  std::uint8_t* bytes_ = nullptr;  // null only after a move
};

}  // namespace assent
