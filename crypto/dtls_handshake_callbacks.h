// What OpenSSL calls back for in a handshake of ours, and the hash of a certificate. For dtls_identity and
// dtls_handshake alone.
#pragma once

#include "crypto/dtls_fingerprint.h"

struct ssl_ctx_st;
struct x509_st;

namespace assent {

void set_dtls_callbacks(ssl_ctx_st* context);
DtlsFingerprint fingerprint_of(x509_st* certificate, DtlsFingerprint::Hash hash);  // without bytes: it cannot be made

}  // namespace assent
