// DtlsEndpoint: the passive end of DTLS-SRTP of one leg (RFC 5763, RFC 5764): whoever has the certificate of the
// session description is let in, whatever else comes to the port.
//
//     a hello without a cookie      is answered with one, and forgotten
//     a hello with its cookie       begins a handshake of its own for that source
//     anything else                 goes to the handshake of its source, or nowhere
//
// So forged senders leave nothing behind; alerts, which would end a handshake, are not listened to; what others say in
// somebody's name, and nothing under a key, ends nothing of theirs, except a message of the handshake in the clear,
// which nobody can tell from their own (DTLS 1.2); who fails hears nothing and harms nobody; and who comes from one
// address cannot take the place of another. A source's later hello (it lost its keys, or moved) begins beside what
// there is, and what there is holds until that is done.
//
// One thread. It is given `now` for its bounds; the handshakes' retransmissions have the system's clock.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "crypto/dtls_handshake.h"

namespace assent {

struct DtlsCounts {
  std::uint64_t hellos = 0;  // without a cookie that is good
  std::uint64_t begun = 0;   // handshakes
  std::uint64_t done = 0;
  std::uint64_t failed = 0;    // wrong certificate, nothing in common, or not what TLS is
  std::uint64_t dropped = 0;   // datagrams that no handshake may see
  std::uint64_t given_up = 0;  // not done in time, or in the way of later ones

  DtlsCounts& operator+=(const DtlsCounts& more);
  DtlsCounts operator-(const DtlsCounts& before) const;
};

class DtlsEndpoint {
 public:
  struct Reply {
    Endpoint to;
    Bytes datagram;
  };
  // The keys of packets that come from there.
  struct Agreed {
    Endpoint with;
    DtlsSrtpKeys keys;
  };
  struct Outcome {
    std::vector<Reply> replies;
    std::optional<Agreed> agreed;
  };

  // The identity outlives it. `peer` is whose certificate counts.
  DtlsEndpoint(const DtlsIdentity& identity, DtlsFingerprint peer) : identity_(identity), peer_(std::move(peer)) {}

  // A datagram of which is_dtls is true.
  Outcome receive(ByteView datagram, const Endpoint& from, MonoTime now);
  Outcome tick(MonoTime now);
  // When it wants the next tick; nothing while no handshake is under way.
  std::optional<MonoTime> due(MonoTime now) const;

  const DtlsCounts& counts() const { return counts_; }

 private:
  struct Source {
    Endpoint from;
    Bytes random;  // of its hello
    MonoTime begun;
    std::unique_ptr<DtlsHandshake> handshake;
    bool is_told = false;  // its keys have been handed on
  };

  bool is_under_way(const DtlsClientHello& hello, const Endpoint& from) const;
  void pass_on(const std::vector<ByteView>& records, const Endpoint& from, Outcome& outcome);
  void take_hello(const DtlsClientHello& hello, const Endpoint& from, MonoTime now, Outcome& outcome);
  void make_room_for(const Endpoint& from);
  void collect(Source& source, Outcome& outcome);
  void remove_failed();

  const DtlsIdentity& identity_;
  const DtlsFingerprint peer_;
  std::vector<Source> sources_;  // at most limits::kDtlsSources, oldest first
  DtlsCounts counts_;
};

}  // namespace assent
