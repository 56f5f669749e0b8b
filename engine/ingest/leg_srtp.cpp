#include "engine/ingest/leg_srtp.h"

#include "base/limits.h"

namespace assent {
namespace {

Result<std::unique_ptr<SrtpSession>> session_for(SrtpEngine& engine, const SrtpTerms& terms) {
  return engine.open({.suite = terms.suite,
                      .direction = SrtpDirection::receive,
                      .keys = terms.keys,
                      .joined = std::nullopt,
                      .rollovers_sought = limits::kSrtpRolloversSought});
}

}  // namespace

Result<LegSrtp> LegSrtp::open(SrtpEngine& engine, const SrtpTerms& terms) {
  auto session = session_for(engine, terms);
  if (!session) return session.error();
  return LegSrtp(terms.suite, std::move(*session));
}

Result<void> LegSrtp::change(SrtpEngine& engine, const SrtpTerms& terms) {
  if (terms.suite == suite_) return session_->rekey(terms.keys);
  auto session = session_for(engine, terms);
  if (!session) return session.error();
  before_ = counts();
  suite_ = terms.suite;
  session_ = std::move(*session);
  return {};
}

SrtpCounts LegSrtp::counts() const {
  SrtpCounts sum = session_->counts();
  sum += before_;
  return sum;
}

}  // namespace assent
