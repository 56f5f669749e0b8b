// DtlsFingerprint: a certificate by its hash, as SDP names the one that the other end will show (a=fingerprint, RFC
// 8122): "sha-256 12:DF:3E:...". SHA-256, SHA-384 and SHA-512; the older ones can be made to fit a forged certificate.
// A value; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

struct DtlsFingerprint {
  enum class Hash : std::uint8_t { sha256, sha384, sha512 };
  Hash hash = Hash::sha256;
  Bytes bytes;

  bool operator==(const DtlsFingerprint&) const = default;
};

// Without "a=fingerprint:". Case does not matter. Errc::unsupported: of another hash; Errc::invalid: is none.
Result<DtlsFingerprint> parse_dtls_fingerprint(std::string_view text);
std::string to_text(const DtlsFingerprint& fingerprint);

}  // namespace assent
