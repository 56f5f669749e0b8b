// HandshakeBudget: how many datagrams of a leg's handshakes are looked at in a time, so that a flood costs little and
// leaves room for the leg's own.
//
// Hellos, which anybody can send, and records that may be of a handshake there is, each by where they come from: all
// sources share limits::kDtlsBuckets counts, and all addresses as many, by a hash that nobody outside knows and that is
// another in each turn. Who floods from one port takes away what is for one in so many of the others; from all
// ports of one host (network_of), what is for a few in so many. A value; the shard's thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/endpoint.h"
#include "base/limits.h"
#include "base/time.h"
#include "crypto/dtls_hello.h"

namespace assent {

class HandshakeBudget {
 public:
  HandshakeBudget();
  // Whether one more that looks so may be looked at now; if so it counts.
  bool admits(DtlsLook look, const Endpoint& from, MonoTime now);

 private:
  struct Counts {
    std::array<std::uint8_t, limits::kDtlsBuckets> by_source{};
    std::array<std::uint8_t, limits::kDtlsBuckets> by_address{};
  };
  std::size_t bucket_of(std::uint64_t address, std::uint16_t port) const;

  std::uint64_t salt_;
  MonoTime since_;
  Counts hellos_;
  Counts records_;
};

}  // namespace assent
