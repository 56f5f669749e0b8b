#include "crypto/dtls_handshake.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/limits.h"
#include "crypto/dtls_handshake_callbacks.h"
#include "crypto/wipe.h"

namespace assent {

// ---- what OpenSSL calls -------------------------------------------------------------------------------------------

// A BIO whose datagrams are the handshake's: each write is one to be sent, and a read takes the one that was given.
struct DtlsHandshakeCallbacks {
  static DtlsHandshake& of(BIO* bio) { return *static_cast<DtlsHandshake*>(BIO_get_data(bio)); }
  static DtlsHandshake& of(const SSL* ssl) { return *static_cast<DtlsHandshake*>(SSL_get_app_data(ssl)); }

  static int write(BIO* bio, const char* bytes, int size) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes);
    of(bio).output_.emplace_back(begin, begin + size);
    return size;
  }

  static int read(BIO* bio, char* bytes, int room) {
    BIO_clear_retry_flags(bio);
    ByteView& input = of(bio).input_;
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t size = std::min(input.size(), static_cast<std::size_t>(room));
    std::copy_n(input.begin(), size, reinterpret_cast<std::uint8_t*>(bytes));
    input = {};  // the rest of a datagram that is too long is lost, as of a socket's
    return static_cast<int>(size);
  }

  static long control(BIO*, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH: return 1;
      case BIO_CTRL_DGRAM_QUERY_MTU:
      case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return static_cast<long>(limits::kDtlsDatagramBytes);
      default: return 0;
    }
  }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "assent datagrams");
      if (method != nullptr) {
        BIO_meth_set_write(method, write);
        BIO_meth_set_read(method, read);
        BIO_meth_set_ctrl(method, control);
      }
      return method;
    }();
    return made;
  }

  // The cookie has been looked at before; here it is what the hello brought.
  static int make_cookie(SSL* ssl, unsigned char* cookie, unsigned int* size) {
    const Bytes& known = of(ssl).cookie_;
    std::copy(known.begin(), known.end(), cookie);
    *size = static_cast<unsigned int>(known.size());
    return 1;
  }
  static int check_cookie(SSL* ssl, const unsigned char* cookie, unsigned int size) {
    return std::ranges::equal(of(ssl).cookie_, std::span(cookie, size)) ? 1 : 0;
  }

  static int check_certificate(X509_STORE_CTX* store, void*) {
    const int index = SSL_get_ex_data_X509_STORE_CTX_idx();
    const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, index));
    X509* shown = X509_STORE_CTX_get0_cert(store);
    const DtlsFingerprint& wanted = of(ssl).peer_;
    return shown != nullptr && fingerprint_of(shown, wanted.hash) == wanted ? 1 : 0;
  }
};

void set_dtls_callbacks(SSL_CTX* context) {
  SSL_CTX_set_cookie_generate_cb(context, DtlsHandshakeCallbacks::make_cookie);
  SSL_CTX_set_cookie_verify_cb(context, DtlsHandshakeCallbacks::check_cookie);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, DtlsHandshakeCallbacks::check_certificate, nullptr);
}

DtlsFingerprint fingerprint_of(X509* certificate, DtlsFingerprint::Hash hash) {
  constexpr std::array kHashes = {EVP_sha256, EVP_sha384, EVP_sha512};
  Bytes bytes(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (X509_digest(certificate, kHashes.at(static_cast<std::size_t>(hash))(), bytes.data(), &size) != 1) size = 0;
  bytes.resize(size);
  return {hash, std::move(bytes)};
}

// ---- a handshake --------------------------------------------------------------------------------------------------

void DtlsHandshake::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }
DtlsHandshake::~DtlsHandshake() = default;

Result<std::unique_ptr<DtlsHandshake>> DtlsHandshake::begin(const DtlsIdentity& identity, const DtlsFingerprint& peer,
                                                            const DtlsClientHello& hello) {
  std::unique_ptr<DtlsHandshake> made(new DtlsHandshake(peer, Bytes(hello.cookie.begin(), hello.cookie.end())));
  made->ssl_.reset(SSL_new(identity.context()));
  const BIO_METHOD* method = DtlsHandshakeCallbacks::method();
  BIO* bio = made->ssl_ && method != nullptr ? BIO_new(method) : nullptr;
  if (bio == nullptr) return error(Errc::exhausted, "no memory for a handshake");
  BIO_set_data(bio, made.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(made->ssl_.get(), bio, bio);
  SSL_set_app_data(made->ssl_.get(), made.get());
  SSL_set_mtu(made->ssl_.get(), static_cast<long>(limits::kDtlsDatagramBytes));
  SSL_set_accept_state(made->ssl_.get());

  // OpenSSL keeps the count of messages, so it is shown the beginning that we have answered without it.
  made->receive(stand_in_hello());
  made->output_.clear();
  made->receive(hello.record);
  return made;
}

// One at a time, because OpenSSL drops with a record that it does not want the rest of the datagram.
void DtlsHandshake::receive(ByteView record) {
  if (state_ == State::failed) return;
  const Bytes given = renumbered(record, given_++);
  input_ = given;
  go_on();
  input_ = {};
}

void DtlsHandshake::retransmit() {
  if (state_ != State::going_on) return;
  ERR_clear_error();
  if (DTLSv1_handle_timeout(ssl_.get()) < 0) fail();
}

std::optional<milliseconds> DtlsHandshake::wait() const {
  timeval left{};
  if (state_ != State::going_on || DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
  return std::chrono::seconds(left.tv_sec) + std::chrono::ceil<milliseconds>(std::chrono::microseconds(left.tv_usec));
}

void DtlsHandshake::go_on() {
  ERR_clear_error();
  if (state_ == State::done) {
    std::array<std::uint8_t, 64> nothing{};  // what they say besides is not listened to
    (void)SSL_read(ssl_.get(), nothing.data(), nothing.size());
    return;
  }
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) state_ = State::done;
  if (result <= 0 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) fail();
}

// Silently: the alert that says what was wrong stays here.
void DtlsHandshake::fail() {
  state_ = State::failed;
  output_.clear();
  ERR_clear_error();
}

Result<DtlsSrtpKeys> DtlsHandshake::keys() const try {
  const SRTP_PROTECTION_PROFILE* profile = SSL_get_selected_srtp_profile(ssl_.get());
  if (state_ != State::done || profile == nullptr) return error(Errc::invalid, "no SRTP profile was agreed on");
  SrtpSuite suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
  switch (profile->id) {
    case SRTP_AES128_CM_SHA1_80: break;
    case SRTP_AES128_CM_SHA1_32: suite = SrtpSuite::aes_cm_128_hmac_sha1_32; break;
    case SRTP_AEAD_AES_128_GCM: suite = SrtpSuite::aead_aes_128_gcm; break;
    case SRTP_AEAD_AES_256_GCM: suite = SrtpSuite::aead_aes_256_gcm; break;
    default: return error(Errc::unsupported, "an SRTP profile that was not offered");
  }
  // | client's key | server's key | client's salt | server's salt |, RFC 5764 4.2.
  constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";
  const std::size_t key = key_bytes(suite);
  const std::size_t salt = salt_bytes(suite);
  SecretBuffer material(2 * (key + salt));
  const ByteSpan all = material.reveal();
  if (SSL_export_keying_material(ssl_.get(), all.data(), all.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0) !=
      1) {
    return error(Errc::invalid, "the keys of SRTP cannot be derived");
  }
  SecretBuffer theirs(key + salt);
  std::copy_n(all.begin(), key, theirs.reveal().begin());
  std::copy_n(all.subspan(2 * key).begin(), salt, theirs.reveal().subspan(key).begin());
  auto made = SrtpMasterKey::create(suite, theirs.reveal());
  if (!made) return made.error();
  return DtlsSrtpKeys{suite, *std::move(made)};
} catch (const std::bad_alloc&) {
  return error(Errc::exhausted, "the memory for secrets is used up");
}

}  // namespace assent
