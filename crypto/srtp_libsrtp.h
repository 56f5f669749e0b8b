// LibsrtpEngine: SRTP by Cisco's libsrtp2, one packet at a time: the reference that BatchedSrtp is compared with, and
// what is left on processors that ipsec-mb is not made for.
//
// What it does not do: its keys are wiped at the end, but lie in ordinary memory meanwhile (Debian builds it with NSS,
// which keeps copies of its own). It is made for few sessions: with ten thousand, a packet costs fifty times what it
// does with one (bench/micro/srtp_bench). It joins no source in the middle (Errc::unsupported), and does not look for a
// rollover that was missed (crypto/srtp_stream.h). It knows any number of sources. RTCP it numbers from 1, and opens
// none that has an MKI in the suites with a tag of 32 bits.
//
// One engine: one thread at a time. The rest: crypto/srtp_session.h.
#pragma once

#include "crypto/srtp_session.h"

namespace assent {

class LibsrtpEngine final : public SrtpEngine {
 public:
  LibsrtpEngine();

  Result<std::unique_ptr<SrtpSession>> open(const SrtpSetup& setup) override;
  void unprotect(std::span<SrtpPacket> packets) override;
  void protect(std::span<SrtpPacket> packets) override;
  void unprotect_rtcp(SrtpPacket& packet) override;
  void protect_rtcp(SrtpPacket& packet) override;
};

}  // namespace assent
