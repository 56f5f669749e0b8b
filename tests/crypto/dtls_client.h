// The other end of DTLS-SRTP, a client of OpenSSL's with a certificate of its own, for tests: it is given datagrams and
// gives those that it would send.
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "catch.h"
#include "crypto/dtls_fingerprint.h"
#include "crypto/srtp_suite.h"

namespace assent {

class DtlsClient {
 public:
  explicit DtlsClient(const char* profiles = "SRTP_AES128_CM_SHA1_80", DtlsFingerprint::Hash hash = {})
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 3600);
    X509_set_pubkey(certificate_.get(), key_.get());
    REQUIRE(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) != 0);
    const EVP_MD* digests[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
    unsigned int size = 0;
    fingerprint_ = {hash, Bytes(EVP_MAX_MD_SIZE)};
    X509_digest(certificate_.get(), digests[static_cast<std::size_t>(hash)], fingerprint_.bytes.data(), &size);
    fingerprint_.bytes.resize(size);

    context_.reset(SSL_CTX_new(DTLS_client_method()));
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    if (profiles != nullptr) REQUIRE(SSL_CTX_set_tlsext_use_srtp(context_.get(), profiles) == 0);
    restart();
  }

  // As when it has lost everything but its certificate.
  void restart() {
    ssl_.reset(SSL_new(context_.get()));
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(ssl_.get(), in, out);
    SSL_set_options(ssl_.get(), SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(ssl_.get(), 1400);
    SSL_set_connect_state(ssl_.get());
  }

  // What it sends next: at first its hello.
  Bytes go_on() {
    result_ = SSL_do_handshake(ssl_.get());
    Bytes datagram(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())));
    if (!datagram.empty()) BIO_read(SSL_get_wbio(ssl_.get()), datagram.data(), static_cast<int>(datagram.size()));
    return datagram;
  }
  void give(ByteView datagram) {
    BIO_write(SSL_get_rbio(ssl_.get()), datagram.data(), static_cast<int>(datagram.size()));
    SSL_do_handshake(ssl_.get());
  }

  bool is_done() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  const DtlsFingerprint& fingerprint() const { return fingerprint_; }
  // The certificate that it was shown.
  Bytes shown_sha256() const {
    const std::unique_ptr<X509, Free> shown(SSL_get1_peer_certificate(ssl_.get()));
    Bytes digest(32);
    unsigned int size = 0;
    REQUIRE(X509_digest(shown.get(), EVP_sha256(), digest.data(), &size) == 1);
    return digest;
  }
  // The key and salt that it protects with (RFC 5764 4.2).
  Bytes key_and_salt(SrtpSuite suite) const {
    const std::size_t key = key_bytes(suite);
    const std::size_t salt = salt_bytes(suite);
    Bytes all(2 * (key + salt));
    const std::string label = "EXTRACTOR-dtls_srtp";
    REQUIRE(SSL_export_keying_material(ssl_.get(), all.data(), all.size(), label.data(), label.size(), nullptr, 0, 0) ==
            1);
    Bytes own(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(key));
    append(own, ByteView(all).subspan(2 * key, salt));
    return own;
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  DtlsFingerprint fingerprint_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  int result_ = 0;
};

}  // namespace assent
