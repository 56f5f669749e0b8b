// SrtpTerms: what the two ends of a stream agreed on to protect it with: a suite, and master keys fit for
// SrtpSetup::keys. Whoever needs them shares one object, since keys are not copied; the last one wipes them.
//
// By DTLS-SRTP (RFC 5763) they agree first on whose certificate counts, and on keys later, by a handshake: until then
// there are none.
//
// to_text and srtp_terms_from are for keeping them where all is sealed (engine/calls/call_memory.h):
//
//     AES_CM_128_HMAC_SHA1_80 0001:BASE64 0002:BASE64      suite, then MKI in hex (or nothing), ':', key and salt
//     DTLS sha-256 12:DF:3E AES_CM_128_HMAC_SHA1_80 :BASE64      the same by DTLS-SRTP; without keys it ends before
//     them
//
// The text holds keys: its owner wipes it. Pure; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/dtls_fingerprint.h"
#include "crypto/srtp_keys.h"

namespace assent {

struct SrtpTerms {
  SrtpSuite suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
  std::vector<SrtpMasterKey> keys;
  std::optional<DtlsFingerprint> by_dtls = std::nullopt;  // of the other end's certificate

  bool has_keys() const { return !keys.empty(); }  // else by DTLS-SRTP, and there was no handshake yet
};
using SharedSrtpTerms = std::shared_ptr<const SrtpTerms>;

// Whether a stream under the one goes on under the other as if nothing had been: by DTLS-SRTP, with whoever has the
// certificate, whatever keys there are by now. Constant time for keys of one length.
bool are_same(const SrtpTerms& one, const SrtpTerms& other);

std::string to_text(const SrtpTerms& terms);
// Errc::corrupt when it is no such text, Errc::exhausted when the memory for secrets is used up.
Result<SharedSrtpTerms> srtp_terms_from(std::string_view text);

}  // namespace assent
