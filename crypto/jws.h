// JWS: signed JSON in its compact form (RFC 7515), by Ed25519 ("EdDSA", RFC 8037), and the public key as a JWK (RFC
// 7517).
//
//     BASE64URL(header) "." BASE64URL(payload) "." BASE64URL(signature over the first two and the dot)
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/ed25519.h"

namespace assent {

std::string to_base64url(ByteView bytes);  // RFC 4648 section 5, without padding

// `header` is the protected header as JSON; it must name the algorithm, "EdDSA".
std::string sign_jws(const SecretKey& seed, std::string_view header, std::string_view payload);

// {"alg":"EdDSA","crv":"Ed25519","kid":...,"kty":"OKP","use":"sig","x":...}. `kid` needs no escapes.
std::string jwk_json(const Ed25519PublicKey& key, std::string_view kid);

}  // namespace assent
