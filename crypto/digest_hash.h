// The hashes of HTTP's and SIP's Digest authentication (RFC 7616, RFC 8760), as lower case hexadecimal.
//
// MD5 is here for nothing else: what phones and SBCs can do decides. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace assent {

enum class DigestAlgorithm { md5, sha256 };
std::string_view name_of(DigestAlgorithm algorithm);  // "MD5", "SHA-256"

std::string digest_hash(DigestAlgorithm algorithm, std::string_view text);

}  // namespace assent
