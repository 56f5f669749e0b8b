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

bool LegSrtp::admits_handshake(DtlsLook look, MonoTime sweep) {
  if (!by_dtls_ || look == DtlsLook::nothing) return false;
  if (std::exchange(admitted_in_, sweep) != sweep) hellos_ = records_ = 0;
  const bool is_hello = look == DtlsLook::hello;
  std::uint8_t& admitted = is_hello ? hellos_ : records_;
  if (admitted == (is_hello ? limits::kDtlsHellosPerSweep : limits::kDtlsRecordsPerSweep)) return false;
  ++admitted;
  return true;
}

SrtpCounts LegSrtp::counts() const {
  SrtpCounts sum = before_;
  if (session_ != nullptr) sum += session_->counts();
  return sum;
}

}  // namespace assent
