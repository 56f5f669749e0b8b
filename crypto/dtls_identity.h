// DtlsIdentity: who we are in DTLS-SRTP: a key of its own and a certificate for it that nobody has signed but itself,
// made at start and known by its fingerprint, which goes to the other end with the session description (RFC 5763 5). It
// is in no file: it says nothing beyond the calls of this run.
//
// Also what all its handshakes agree to (DTLS 1.2, ECDHE with AES-GCM, the SRTP profiles of RFC 5764 and RFC 7714), and
// the secret that makes cookies. Any thread; its handshakes do not outlive it.
#pragma once

#include <memory>
#include <string>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/dtls_fingerprint.h"
#include "crypto/hmac_key.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace assent {

class DtlsIdentity {
 public:
  static Result<std::unique_ptr<DtlsIdentity>> create();  // Errc::exhausted: no memory

  const DtlsFingerprint& fingerprint() const { return fingerprint_; }

  // What hellos from there are to bring back; good for limits::kDtlsCookieAge, at most twice that. Whatever they say:
  // a client keeps the first cookie that it hears of, which may answer what somebody else has said in its name.
  Bytes cookie_for(const Endpoint& from, MonoTime now) const;
  bool is_good(ByteView cookie, const Endpoint& from, MonoTime now) const;

  ssl_ctx_st* context() const { return context_.get(); }  // for DtlsHandshake

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  using Context = std::unique_ptr<ssl_ctx_st, Free>;

  DtlsIdentity(Context context, DtlsFingerprint fingerprint);
  Bytes cookie_of_age(const Endpoint& from, std::uint64_t age) const;

  Context context_;
  DtlsFingerprint fingerprint_;
  HmacKey cookie_key_;
};

}  // namespace assent
