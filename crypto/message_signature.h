// MessageSignature: checks the footer of a signed message (suite 0x0578): ECDSA on P-384 with SHA-384 over everything
// before the footer. The public key stands in the context under "aws-crypto-public-key", a compressed point in base64.
// One object: one thread at a time. Read only: we never sign messages, the ledger's chain does more.
#pragma once

#include <memory>
#include <optional>

#include "base/bytes.h"
#include "crypto/message_format.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX
struct evp_pkey_st;    // OpenSSL's EVP_PKEY

namespace assent {

// A DER signature on P-384: two integers of at most 49 bytes with their heads.
inline constexpr std::size_t kMostSignatureBytes = 2 + 2 * (2 + 49);

class MessageSignature {
 public:
  static std::optional<MessageSignature> create(const MessageContext& context);  // nothing without a usable public key

  void update(ByteView message_bytes);
  bool verify(ByteView signature);  // once, last

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
    void operator()(evp_pkey_st* key) const;
  };
  std::unique_ptr<evp_pkey_st, Free> key_;
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace assent
