// SrtpSchedule: the keys of one session ready for use: AES round keys, the powers of GHASH's key, HMAC's two states.
// SrtpSchedules: the locked memory (base/secure_arena.h) where they lie, a place each, wiped when it is given back.
//
// What every packet reads stands at the beginning, so that a packet of AES-CM with 128 bits touches four cache lines.
// The keys for RTCP are kept as they are, and made ready for each of its packets, which are few. The master key is not
// kept.
//
// One thread at a time; outlives its places. Lengths in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/secure_arena.h"
#include "crypto/srtp_iv.h"
#include "crypto/srtp_keys.h"

namespace assent {

struct alignas(limits::kCacheLineBytes) SrtpSchedule {
  SrtpSalt salt;
  std::array<std::uint8_t, 20> inner;                                      // HMAC-SHA1 after the block of key ^ ipad
  std::array<std::uint8_t, 20> outer;                                      // ... of key ^ opad
  alignas(limits::kCacheLineBytes) std::array<std::uint8_t, 1008> cipher;  // as ipsec-mb has it
  std::array<std::uint8_t, SrtpKeyView::kBytes> rtcp;                      // as SrtpKeyView has it
};

static_assert(sizeof(SrtpSchedule) == limits::kSrtpKeyBytes);

class SrtpSchedules {
 public:
  struct GiveBack {
    SrtpSchedules* owner = nullptr;
    void operator()(SrtpSchedule* place) const { owner->give_back(place); }
  };
  using Place = std::unique_ptr<SrtpSchedule, GiveBack>;

  // Errors as SecureArena::create.
  static Result<std::unique_ptr<SrtpSchedules>> create(std::size_t places, ArenaBacking backing);
  SrtpSchedules(const SrtpSchedules&) = delete;
  SrtpSchedules& operator=(const SrtpSchedules&) = delete;
  ~SrtpSchedules();

  Place take();  // zeros; null when all are in use
  std::size_t free_places() const { return free_.size(); }

 private:
  SrtpSchedules(SecureArena arena, std::size_t places);
  void give_back(SrtpSchedule* place);

  SecureArena arena_;
  std::size_t places_;
  std::vector<SrtpSchedule*> free_;
};

}  // namespace assent
