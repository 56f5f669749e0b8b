// BatchedSrtp: SRTP for as many sessions as a shard has legs, by ipsec-mb (crypto/srtp_cipher.h), with our own key
// derivation, rollover and replay window.
//
// RTP goes in batches of limits::kSrtpBatch packets of any sessions through the same steps: their sessions and keys are
// fetched into the cache together, their indices guessed, their tags computed side by side and compared, what is
// authentic is decrypted, and then, in order, taken into the replay windows. A packet that was not authentic by a guess
// from before its batch is looked at again when its turn comes. RTCP is rare and goes alone
// (crypto/srtp_batched_rtcp.h).
//
// All key material lies in locked memory (crypto/srtp_schedule.h), made for a number of master keys that is stated
// once.
//
// One engine: one thread. The rest: crypto/srtp_session.h.
#pragma once

#include <cstddef>
#include <memory>

#include "base/secure_arena.h"
#include "crypto/srtp_session.h"

namespace assent {

class BatchedSrtp final : public SrtpEngine {
 public:
  static bool is_available();  // ipsec-mb is built in, and made for this processor

  // Of memory that `create` locks.
  static std::size_t locked_bytes(std::size_t master_keys);
  // Room for `master_keys`: one a session and direction, another for each further MKI, and while a session rekeys its
  // former ones are there, too. limits::kSrtpKeyBytes each. Only where it is available. Errors as SecureArena::create.
  static Result<std::unique_ptr<SrtpEngine>> create(std::size_t master_keys,
                                                    ArenaBacking backing = ArenaBacking::secret_memory);
  ~BatchedSrtp() override;

  Result<std::unique_ptr<SrtpSession>> open(const SrtpSetup& setup) override;
  void unprotect(std::span<SrtpPacket> packets) override;
  void protect(std::span<SrtpPacket> packets) override;
  void unprotect_rtcp(SrtpPacket& packet) override;
  void protect_rtcp(SrtpPacket& packet) override;

 private:
  struct State;
  explicit BatchedSrtp(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assent
