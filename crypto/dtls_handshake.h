// DtlsHandshake: one handshake of DTLS-SRTP (RFC 5764) with one source, of which we are the passive end (the server),
// by OpenSSL. It ends with the keys that the other end protects its RTP and RTCP with; nothing is ever sent under ours.
//
// It is given datagrams and gives those that are to be sent back, in order; it has no socket. What goes wrong ends it
// and sends nothing, so that nobody learns why. The certificate that is shown must have the fingerprint that the
// session description named; that is all that is asked of it.
//
// Secrets of the handshake are in OpenSSL's memory and wiped with it; the keys that come of it lie in the memory for
// secrets. One thread at a time. Its time is the system's, for retransmissions alone.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/dtls_hello.h"
#include "crypto/dtls_identity.h"
#include "crypto/srtp_keys.h"

struct ssl_st;         // OpenSSL's SSL
struct bio_method_st;  // OpenSSL's BIO_METHOD

namespace assent {

struct DtlsSrtpKeys {
  SrtpSuite suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
  SrtpMasterKey theirs;
};

class DtlsHandshake {
 public:
  enum class State : std::uint8_t { going_on, done, failed };

  // From a hello that has brought its cookie back. Errc::exhausted: no memory.
  static Result<std::unique_ptr<DtlsHandshake>> begin(const DtlsIdentity& identity, const DtlsFingerprint& peer,
                                                      const DtlsClientHello& hello);
  ~DtlsHandshake();
  DtlsHandshake(const DtlsHandshake&) = delete;
  DtlsHandshake& operator=(const DtlsHandshake&) = delete;

  // An admissible record, or the stand-in for the first hello. Also after it is done: who missed its end asks again.
  void receive(ByteView record);
  // Sends again what has not been answered in time. `wait` says how long until it may be needed.
  void retransmit();
  std::optional<milliseconds> wait() const;

  State state() const { return state_; }
  std::vector<Bytes> take_output() { return std::exchange(output_, {}); }
  // Once it is done. Errc::exhausted: the memory for secrets is used up.
  Result<DtlsSrtpKeys> keys() const;

 private:
  friend struct DtlsHandshakeCallbacks;
  struct Free {
    void operator()(ssl_st* ssl) const;
  };

  DtlsHandshake(const DtlsFingerprint& peer, Bytes cookie) : peer_(peer), cookie_(std::move(cookie)) {}
  void go_on();
  void fail();

  const DtlsFingerprint peer_;
  const Bytes cookie_;  // that the hello brings
  std::unique_ptr<ssl_st, Free> ssl_;
  ByteView input_;           // what has been given and not taken
  std::uint64_t given_ = 0;  // records
  std::vector<Bytes> output_;
  State state_ = State::going_on;
};

}  // namespace assent
