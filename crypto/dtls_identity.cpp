#include "crypto/dtls_identity.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>

#include "base/limits.h"
#include "crypto/constant_time.h"
#include "crypto/dtls_handshake_callbacks.h"
#include "crypto/random.h"

namespace assent {
namespace {

constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr const char* kSrtpProfiles =
    "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32";
constexpr long kDay = 24L * 60 * 60;
constexpr std::size_t kCookieBytes = 32;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

// Nobody checks who it says it is for, or until when; the fingerprint is all.
Certificate self_signed(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  std::uint64_t serial = 0;
  random_bytes({reinterpret_cast<std::uint8_t*>(&serial), sizeof(serial)});
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("assent");
  const bool made = X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1) == 1 &&
                    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3650 * kDay) != nullptr &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
                    X509_set_issuer_name(certificate.get(), name) == 1 &&
                    X509_set_pubkey(certificate.get(), key) == 1 &&
                    X509_sign(certificate.get(), key, EVP_sha256()) != 0;
  return made ? std::move(certificate) : nullptr;
}

bool set_up(SSL_CTX* context, X509* certificate, EVP_PKEY* key) {
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_COOKIE_EXCHANGE | SSL_OP_NO_TICKET |
                                   SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_ECDH_USE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_quiet_shutdown(context, 1);
  set_dtls_callbacks(context);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // there may be thousands
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         SSL_CTX_set_tlsext_use_srtp(context, kSrtpProfiles) == 0 &&  // which answers 0 for success
         SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
}

}  // namespace

void DtlsIdentity::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

DtlsIdentity::DtlsIdentity(Context context, DtlsFingerprint fingerprint)
    : context_(std::move(context)), fingerprint_(std::move(fingerprint)), cookie_key_(random_32()) {}

Result<std::unique_ptr<DtlsIdentity>> DtlsIdentity::create() {
  const Error failed = error(Errc::exhausted, "the key and certificate for DTLS-SRTP cannot be made");
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? self_signed(key.get()) : nullptr;
  Context context(certificate ? SSL_CTX_new(DTLS_server_method()) : nullptr);
  if (!context || !set_up(context.get(), certificate.get(), key.get())) return failed;
  auto fingerprint = fingerprint_of(certificate.get(), DtlsFingerprint::Hash::sha256);
  if (fingerprint.bytes.empty()) return failed;
  return std::unique_ptr<DtlsIdentity>(new DtlsIdentity(std::move(context), std::move(fingerprint)));
}

Bytes DtlsIdentity::cookie_for(const Endpoint& from, MonoTime now) const {
  return cookie_of_age(from, static_cast<std::uint64_t>(now.time_since_epoch() / limits::kDtlsCookieAge));
}

bool DtlsIdentity::is_good(ByteView cookie, const Endpoint& from, MonoTime now) const {
  if (cookie.size() != kCookieBytes) return false;
  const auto age = static_cast<std::uint64_t>(now.time_since_epoch() / limits::kDtlsCookieAge);
  const Bytes this_one = cookie_of_age(from, age);
  const Bytes one_before = cookie_of_age(from, age - 1);
  return equal_constant_time(cookie, this_one) || equal_constant_time(cookie, one_before);
}

Bytes DtlsIdentity::cookie_of_age(const Endpoint& from, std::uint64_t age) const {
  std::array<std::uint8_t, 10> which{};
  store_be64(which.data(), age);
  store_be16(which.data() + 8, from.port);
  const HmacSha256 cookie = cookie_key_.sign({which, from.address});
  return Bytes(cookie.begin(), cookie.end());
}

}  // namespace assent
