// HMAC (RFC 2104) and HKDF with SHA-512 (RFC 5869). Pure functions, any thread. What they return may be secret: the
// caller wipes it. An empty salt means 64 zero bytes, as the RFC has it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

using HmacSha256 = std::array<std::uint8_t, 32>;
using HmacSha512 = std::array<std::uint8_t, 64>;

HmacSha256 hmac_sha256(ByteView key, ByteView data);
HmacSha512 hmac_sha512(ByteView key, ByteView data);

inline constexpr std::size_t kHkdfSha512MostBytes = std::size_t{255} * 64;

HmacSha512 hkdf_sha512_extract(ByteView salt, ByteView input_key);
// Errc::invalid when `out` is longer than kHkdfSha512MostBytes.
Result<void> hkdf_sha512_expand(const HmacSha512& prk, ByteView info, ByteSpan out);
Result<void> hkdf_sha512(ByteView salt, ByteView input_key, ByteView info, ByteSpan out);

}  // namespace assent
