// SecureArena: the only memory that may hold audio nobody has consented to.
//
// It is one mapping that never reaches a disk: memfd_secret(2) where the kernel has it (the pages leave the kernel's
// own map, too), otherwise anonymous memory under mlock(2); either way MADV_DONTDUMP and MADV_WIPEONFORK, and filled in
// at once so that no page fault comes later. It is audio-agnostic: who may use which page is the block pool's concern.
//
// When the limit on locked memory is too small the arena is not created at all: the caller asks `lockable_bytes` first
// and admits fewer calls. Not thread-safe to create or destroy; the memory itself is plain memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

enum class ArenaBacking { secret_memory, locked_memory };
std::string_view name_of(ArenaBacking backing);

class SecureArena {
 public:
  // `bytes` is rounded up to whole pages. Errc::exhausted when the memory cannot be locked (says which limit to raise),
  // Errc::io when it cannot be mapped.
  static Result<SecureArena> create(std::size_t bytes, ArenaBacking wanted = ArenaBacking::secret_memory);

  SecureArena(SecureArena&& other) noexcept;
  SecureArena& operator=(SecureArena&& other) noexcept;
  SecureArena(const SecureArena&) = delete;
  SecureArena& operator=(const SecureArena&) = delete;
  ~SecureArena();  // the owner has wiped what it used; the kernel zeroes the pages before anyone else sees them

  ByteSpan memory() const { return {base_, bytes_}; }
  ArenaBacking backing() const { return backing_; }

 private:
  SecureArena(std::uint8_t* base, std::size_t bytes, ArenaBacking backing)
      : base_(base), bytes_(bytes), backing_(backing) {}

  std::uint8_t* base_ = nullptr;
  std::size_t bytes_ = 0;
  ArenaBacking backing_ = ArenaBacking::locked_memory;
};

// How many bytes this process may still lock: RLIMIT_MEMLOCK less what is locked, or SIZE_MAX with CAP_IPC_LOCK.
std::size_t lockable_bytes();

// Makes the process leave nothing behind when it dies: RLIMIT_CORE 0 and PR_SET_DUMPABLE 0. Call first in main.
Result<void> forbid_core_dumps();

}  // namespace assent
