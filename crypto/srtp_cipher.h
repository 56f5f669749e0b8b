// SrtpCipher: the encryption and authentication of SRTP packets, many at once, by Intel's ipsec-mb: SHA-1 of sixteen
// packets side by side, AES on four blocks an instruction, as far as the processor can.
//
// It knows keys, IVs and places in packets, and nothing of sessions, replays or rollovers; it compares no tag.
// HMAC-SHA1 covers the packet up to the end of its payload and four bytes more, where the caller has put the rollover
// counter (RFC 3711 4.2), or where the index of RTCP stands (3.4). Everything is in place.
//
// The library's own memory, where it keeps states of HMAC while it works, is locked and wiped at the end. One object:
// one thread at a time. is_available: any thread. Lengths in bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/secure_arena.h"
#include "crypto/srtp_iv.h"
#include "crypto/srtp_keys.h"
#include "crypto/srtp_schedule.h"

namespace assent {

struct SrtpCipherJob {
  const SrtpSchedule* keys = nullptr;
  std::uint8_t* packet = nullptr;
  std::uint32_t payload_at = 0;     // from the packet's start
  std::uint32_t payload_bytes = 0;  // without MKI and tag
  SrtpIv iv{};
  ByteView aad;                        // AES-GCM only
  std::array<std::uint8_t, 20> tag{};  // what belongs to the packet; of AES-GCM the first 16 bytes
};

class SrtpCipher {
 public:
  static bool is_available();  // built in, the processor has AES-NI, and the library's self-test passed

  static std::size_t locked_bytes();  // of memory that is locked for the library's own; 0 where it is not built in
  // Errors as SecureArena::create. Only where it is available.
  static Result<SrtpCipher> create(ArenaBacking backing);
  SrtpCipher(SrtpCipher&&) noexcept;
  SrtpCipher& operator=(SrtpCipher&&) noexcept;
  ~SrtpCipher();

  void expand(const SrtpKeyView& keys, SrtpSchedule& schedule);

  // At most limits::kSrtpBatch jobs of the same kind of suite.
  void authenticate(std::span<SrtpCipherJob* const> jobs);            // HMAC-SHA1: sets `tag`
  void crypt(SrtpSuite suite, std::span<SrtpCipherJob* const> jobs);  // AES-CM, both ways
  void seal(SrtpSuite suite, SrtpCipherJob& job);                     // AES-GCM: encrypts, sets `tag`
  void open(SrtpSuite suite, SrtpCipherJob& job);                     // AES-GCM: decrypts, sets `tag`

 private:
  struct State;
  explicit SrtpCipher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assent
