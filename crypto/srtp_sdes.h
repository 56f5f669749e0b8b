// SrtpSdes: the keys of SRTP as SDP describes them, an a=crypto line (RFC 4568 9.1, for SRTP 6; suites also of RFC 6188
// and RFC 7714):
//
//     a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:BASE64|2^20|1:4;inline:BASE64|2^20|2:4 WSH=64
//              |           |                    |      |   | |                            |
//             tag        suite          key and salt   |  MKI : its bytes         session parameters
//                                                   lifetime
//
// Whoever offers several lines is answered with the tag of one. What is well-formed and not for us (a suite or
// parameter that is not known, a key derivation rate, packets that are not encrypted or authenticated) is
// Errc::unsupported, and the next line is to be looked at; Errc::invalid says what is wrong, and where. No error
// repeats a key.
//
// Pure; any thread. The keys lie in the memory for secrets; the text is the caller's, who wipes it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/srtp_keys.h"

namespace assent {

struct SrtpSdes {
  std::uint32_t tag = 0;
  SrtpSuite suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
  std::vector<SrtpMasterKey> keys;  // fit for SrtpSetup::keys
  // After so many packets of RTP its keys are to be replaced: the shortest lifetime of them, at most 2^48.
  std::uint64_t lifetime_packets = std::uint64_t{1} << 48;
};

// `line` is the whole line without its end.
Result<SrtpSdes> parse_srtp_sdes(std::string_view line);

}  // namespace assent
