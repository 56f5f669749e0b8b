// LegSrtp: what opens the packets of a leg that are SRTP: a session of its shard's engine, and what was counted by
// those before it.
//
// Other keys of the same suite change the session's keys: its sources stay where they are, rollover counters and all.
// Another suite is another session, in which every source begins anew, and so are keys that a handshake of DTLS-SRTP
// has made (RFC 5764 3). Terms without keys, by DTLS-SRTP, say whose handshake counts: until it is done there is no
// session, or the former one stays. A stream that was there before the session, as after a restart, is sought
// (SrtpSetup::rollovers_sought). Shard thread; the engine outlives it.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "crypto/srtp_session.h"
#include "crypto/srtp_terms.h"
#include "engine/ingest/handshake_budget.h"

namespace assent {

class LegSrtp {
 public:
  // Errors as SrtpEngine::open.
  static Result<LegSrtp> open(SrtpEngine& engine, const SrtpTerms& terms);
  // Errors likewise, and then everything is as it was.
  Result<void> change(SrtpEngine& engine, const SrtpTerms& terms);

  SrtpSession* session() const { return session_.get(); }  // null: there are no keys yet
  std::optional<SrtpSuite> suite() const { return session_ != nullptr ? std::optional(suite_) : std::nullopt; }
  // Whose handshake makes its keys; none: they were told.
  const std::optional<DtlsFingerprint>& by_dtls() const { return by_dtls_; }

  // Whether one more datagram that looks so may be looked at now, as part of a handshake.
  bool admits_handshake(DtlsLook look, const Endpoint& from, MonoTime now) {
    return budget_ && budget_->admits(look, from, now);
  }

  void count_unkeyed() { ++before_.faults[static_cast<std::size_t>(SrtpFault::unkeyed)]; }
  SrtpCounts counts() const;  // of all its sessions

 private:
  LegSrtp() = default;
  Result<void> begin_session(SrtpEngine& engine, const SrtpTerms& terms);

  SrtpSuite suite_{};
  std::unique_ptr<SrtpSession> session_;
  std::optional<DtlsFingerprint> by_dtls_;
  std::optional<HandshakeBudget> budget_;  // by DTLS-SRTP
  SrtpCounts before_;
};

}  // namespace assent
