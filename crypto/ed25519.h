// Ed25519 (RFC 8032, the pure variant): signatures that anyone can check with 32 public bytes.
//
// The private key is a seed of 32 bytes, which stays a SecretKey; its expanded form lives for one signature at a time.
// Signing is deterministic: the same seed and message give the same signature. Any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace assent {

using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

Ed25519PublicKey ed25519_public_key(const SecretKey& seed);
Ed25519Signature ed25519_sign(const SecretKey& seed, ByteView message);
// False for anything that is not this key's signature of this message, a key that is no point of the curve included.
bool ed25519_verify(const Ed25519PublicKey& key, ByteView message, ByteView signature);

}  // namespace assent
