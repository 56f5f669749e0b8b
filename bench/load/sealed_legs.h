// SealedLegs: the packets of a load's legs, protected with SRTP before they leave: a session a leg, and as many packets
// at once as leave together, so that a generator keeps pace (crypto/srtp_batched.h).
//
// A leg's packets are of one size and sent once, in order: a sender never protects a packet twice. One thread.
#pragma once

#include <memory>
#include <vector>

#include "bench/load/numbers.h"
#include "crypto/srtp_batched.h"
#include "crypto/srtp_terms.h"

namespace assent::load {

class SealedLegs {
 public:
  // Room for so many legs. Errc::unsupported without ipsec-mb; else as BatchedSrtp::create.
  static Result<SealedLegs> create(std::size_t legs);

  void begin(LegNumber leg, const SrtpTerms& terms);  // in the order of the legs' numbers
  void end(LegNumber leg);
  // `datagram` has the packet, and room for its tag behind it; it is protected with the others by `seal`.
  void add(LegNumber leg, ByteSpan datagram);
  void seal();

 private:
  explicit SealedLegs(std::unique_ptr<SrtpEngine> engine) : engine_(std::move(engine)) {}

  struct Leg {
    std::unique_ptr<SrtpSession> session;
    std::size_t tag_bytes = 0;
  };
  std::unique_ptr<SrtpEngine> engine_;
  std::vector<Leg> legs_;  // by number
  std::vector<SrtpPacket> packets_;
};

}  // namespace assent::load
