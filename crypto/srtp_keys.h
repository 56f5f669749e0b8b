// SrtpMasterKey: a master key with its salt and, where a session has several, the name that packets call it by (MKI).
// SrtpSessionKeys: what RFC 3711 4.3 derives from it; the keys that packets are protected with.
//
// Both lie in the memory for secrets (crypto/secret_buffer.h) and are wiped with their owner. Deriving uses an EVP
// context, which has the master key's expanded form in ordinary memory until the call ends, and then wipes it. The key
// derivation rate is 0, as SDES has it when it says nothing: keys are derived once. RFC 7714 11 derives with AES-CM,
// too, and pads its 12 bytes of salt with two zeros.
//
// Any thread; one object: as any value. Lengths in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret_buffer.h"
#include "crypto/srtp_suite.h"

namespace assent {

class SrtpMasterKey {
 public:
  // `key_and_salt` is the key and then the salt, as SDES has them: copied, the caller wipes the original. Errc::invalid
  // when it is not as long as the suite asks for, or the MKI is longer than limits::kSrtpMkiBytes; Errc::exhausted when
  // the memory for secrets is used up.
  static Result<SrtpMasterKey> create(SrtpSuite suite, ByteView key_and_salt, ByteView mki = {});

  SrtpSuite suite() const { return suite_; }
  ByteView mki() const { return mki_; }
  ByteSpan reveal() const { return secret_.reveal(); }  // key and salt
  ByteView reveal_key() const { return reveal().first(key_bytes(suite_)); }
  ByteView reveal_salt() const { return reveal().subspan(key_bytes(suite_)); }

 private:
  SrtpMasterKey(SrtpSuite suite, ByteView key_and_salt, ByteView mki);

  SrtpSuite suite_;
  Bytes mki_;
  SecretBuffer secret_;
};

// What is derived, by its label (RFC 3711 4.3.1, 4.3.2).
enum class SrtpLabel : std::uint8_t {
  rtp_encryption = 0,
  rtp_authentication = 1,
  rtp_salt = 2,
  rtcp_encryption = 3,
  rtcp_authentication = 4,
  rtcp_salt = 5,
};

// As many bytes as `out` has, which for AES-CM's counter is at most 2^20.
void derive_srtp(const SrtpMasterKey& master, SrtpLabel label, ByteSpan out);

// The keys of a session's RTP, or of its RTCP, wherever they lie.
struct SrtpKeyView {
  static constexpr std::size_t kAuthenticationBytes = 20;  // of HMAC-SHA1, whatever the tag is cut to
  // | 32 encryption | 16 salt | 20 authentication |, zeros where a suite has less
  static constexpr std::size_t kSaltAt = 32;
  static constexpr std::size_t kAuthenticationAt = kSaltAt + 16;
  static constexpr std::size_t kBytes = kAuthenticationAt + kAuthenticationBytes;

  SrtpSuite suite;
  ByteView encryption;
  ByteView salt;
  ByteView authentication;  // none with AES-GCM

  static SrtpKeyView of(SrtpSuite suite, std::span<const std::uint8_t, kBytes> bytes) {
    return {suite, bytes.first(key_bytes(suite)), bytes.subspan(kSaltAt, salt_bytes(suite)),
            bytes.subspan(kAuthenticationAt, is_aead(suite) ? 0 : kAuthenticationBytes)};
  }
};

enum class SrtpProtocol : std::uint8_t { rtp, rtcp };

class SrtpSessionKeys {
 public:
  static SrtpSessionKeys derive(const SrtpMasterKey& master, SrtpProtocol protocol);

  SrtpKeyView view() const { return SrtpKeyView::of(suite_, reveal()); }
  std::span<const std::uint8_t, SrtpKeyView::kBytes> reveal() const {
    return secret_.reveal().first<SrtpKeyView::kBytes>();
  }

 private:
  explicit SrtpSessionKeys(SrtpSuite suite) : suite_(suite), secret_(SrtpKeyView::kBytes) {}

  SrtpSuite suite_;
  SecretBuffer secret_;
};

}  // namespace assent
