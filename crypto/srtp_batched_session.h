// BatchedSession: a session of BatchedSrtp (crypto/srtp_batched.h, its only user): its keys by MKI, its sources, and
// its counts. The first cache line is all that an ordinary packet touches.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/limits.h"
#include "crypto/srtp_cipher.h"
#include "crypto/srtp_schedule.h"
#include "crypto/srtp_session.h"

namespace assent {

struct SrtpKeyed {
  Bytes mki;
  SrtpSchedules::Place schedule;
};
// Errors as SrtpEngine::open.
Result<std::vector<SrtpKeyed>> expand_srtp_keys(SrtpSuite suite, std::span<const SrtpMasterKey> keys,
                                                SrtpSchedules& schedules, SrtpCipher& cipher);

inline SrtpFault fault_of(SrtpStream::Place place) {
  switch (place) {
    case SrtpStream::Place::fresh: return SrtpFault::none;
    case SrtpStream::Place::seen: return SrtpFault::replayed;
    case SrtpStream::Place::too_old: return SrtpFault::too_old;
  }
  return SrtpFault::too_old;
}

// An authentic packet: `none` when it is fresh, and then it has been taken.
SrtpFault take(SrtpSources& sources, std::uint32_t ssrc, SrtpIndex index);

class alignas(limits::kCacheLineBytes) BatchedSession final : public SrtpSession {
 public:
  BatchedSession(const SrtpSetup& setup, std::vector<SrtpKeyed> keys, SrtpSchedules& schedules, SrtpCipher& cipher);

  Result<void> rekey(std::span<const SrtpMasterKey> keys) override;
  SrtpCounts counts() const override;

  SrtpSuite suite() const { return suite_; }
  SrtpDirection direction() const { return direction_; }
  std::size_t mki_bytes() const { return mki_bytes_; }
  const SrtpSchedule* first_key() const { return first_; }
  ByteView first_mki() const { return keys_.front().mki; }
  const SrtpSchedule* key_named(ByteView mki) const;  // null when there is none

  SrtpSources& sources() { return sources_; }
  // While nothing of it has been authentic.
  std::uint32_t rollovers_sought() const { return sources_.is_empty() ? rollovers_sought_ : 0; }
  SrtpSources& rtcp_sources() { return rtcp_sources_; }

  // Puts the outcome into the packet, and counts it.
  void finish(SrtpPacket& packet, SrtpFault fault, std::size_t bytes = 0);

 private:
  void adopt(std::vector<SrtpKeyed> keys);

  const SrtpSchedule* first_ = nullptr;
  SrtpSuite suite_;
  SrtpDirection direction_;
  std::uint8_t mki_bytes_ = 0;
  std::uint64_t packets_ = 0;
  SrtpSources sources_;

  std::vector<SrtpKeyed> keys_;
  std::uint32_t rollovers_sought_;
  std::array<std::uint64_t, kSrtpFaults> faults_{};
  SrtpSources rtcp_sources_{std::nullopt};
  SrtpSchedules& schedules_;
  SrtpCipher& cipher_;
};

}  // namespace assent
