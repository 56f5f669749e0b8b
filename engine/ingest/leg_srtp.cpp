#include "engine/ingest/leg_srtp.h"

#include "base/limits.h"

namespace assent {

Result<LegSrtp> LegSrtp::open(SrtpEngine& engine, const SrtpTerms& terms) {
  LegSrtp srtp;
  if (auto opened = srtp.change(engine, terms); !opened) return opened.error();
  return srtp;
}

Result<void> LegSrtp::change(SrtpEngine& engine, const SrtpTerms& terms) {
  if (terms.has_keys()) {
    const bool goes_on = session_ != nullptr && terms.suite == suite_ && !terms.by_dtls;
    if (auto keyed = goes_on ? session_->rekey(terms.keys) : begin_session(engine, terms); !keyed) return keyed;
  }
  by_dtls_ = terms.by_dtls;
  if (!by_dtls_) budget_.reset();
  if (by_dtls_ && !budget_) budget_.emplace();
  return {};
}

Result<void> LegSrtp::begin_session(SrtpEngine& engine, const SrtpTerms& terms) {
  auto session = engine.open({.suite = terms.suite,
                              .direction = SrtpDirection::receive,
                              .keys = terms.keys,
                              .joined = std::nullopt,
                              .rollovers_sought = limits::kSrtpRolloversSought});
  if (!session) return session.error();
  before_ = counts();
  suite_ = terms.suite;
  session_ = std::move(*session);
  return {};
}

SrtpCounts LegSrtp::counts() const {
  SrtpCounts sum = before_;
  if (session_ != nullptr) sum += session_->counts();
  return sum;
}

}  // namespace assent
