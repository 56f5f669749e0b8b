// LegSrtp: what opens the packets of a leg that are SRTP: a session of its shard's engine, and what was counted by
// those before it.
//
// Other keys of the same suite change the session's keys: its sources stay where they are, rollover counters and all.
// Another suite is another session, in which every source begins anew. A stream that was there before the session, as
// after a restart, is sought (SrtpSetup::rollovers_sought). Shard thread; the engine outlives it.
#pragma once

#include <memory>
#include <utility>

#include "crypto/srtp_session.h"
#include "crypto/srtp_terms.h"

namespace assent {

class LegSrtp {
 public:
  // Errors as SrtpEngine::open.
  static Result<LegSrtp> open(SrtpEngine& engine, const SrtpTerms& terms);
  // Errors likewise, and then everything is as it was.
  Result<void> change(SrtpEngine& engine, const SrtpTerms& terms);

  SrtpSession& session() const { return *session_; }
  SrtpSuite suite() const { return suite_; }
  SrtpCounts counts() const;  // of all its sessions

 private:
  LegSrtp(SrtpSuite suite, std::unique_ptr<SrtpSession> session) : suite_(suite), session_(std::move(session)) {}

  SrtpSuite suite_;
  std::unique_ptr<SrtpSession> session_;
  SrtpCounts before_;
};

}  // namespace assent
