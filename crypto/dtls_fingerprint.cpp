#include "crypto/dtls_fingerprint.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace assent {
namespace {

struct HashName {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array kHashes = {HashName{"sha-256", 32}, HashName{"sha-384", 48}, HashName{"sha-512", 64}};

}  // namespace

Result<DtlsFingerprint> parse_dtls_fingerprint(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == text.npos)
    return error(Errc::invalid, "a fingerprint is a hash, a blank, and bytes with colons between");
  const auto name = text.substr(0, blank);
  const auto hash = std::find_if(kHashes.begin(), kHashes.end(),
                                 [&](const HashName& one) { return equal_but_for_case(one.name, name); });
  if (hash == kHashes.end()) {
    return error(Errc::unsupported, "fingerprints are of sha-256, sha-384 or sha-512");
  }
  const auto digits = text.substr(blank + 1);
  std::string hex;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool is_colon = i % 3 == 2;
    if (is_colon != (digits[i] == ':')) return error(Errc::invalid, "a fingerprint has a colon between its bytes");
    if (!is_colon) hex += digits[i];
  }
  auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != hash->bytes || digits.ends_with(':')) {
    return error(Errc::invalid, "a fingerprint of " + std::string(hash->name) + " has " + std::to_string(hash->bytes) +
                                    " bytes in hexadecimal");
  }
  return DtlsFingerprint{static_cast<DtlsFingerprint::Hash>(hash - kHashes.begin()), *std::move(bytes)};
}

std::string to_text(const DtlsFingerprint& fingerprint) {
  std::string text(kHashes.at(static_cast<std::size_t>(fingerprint.hash)).name);
  char before = ' ';
  for (const std::uint8_t byte : fingerprint.bytes) {
    std::string hex = to_hex({&byte, 1});
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    text += before + hex;
    before = ':';
  }
  return text;
}

}  // namespace assent
