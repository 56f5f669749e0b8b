// What a webhook's signature header says, and the bytes it signs. The form that payment services made common:
//
//     Assent-Signature: t=1700000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
//
// t is the time of sending in whole seconds since 1970; v1 the HMAC-SHA256, in hex, of that number as it is written, a
// '.', and the body's bytes. v1 may come several times (a sender that changes its secret signs with both); parts of any
// other name are passed over. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "crypto/hkdf.h"

namespace assent {

inline constexpr std::string_view kSignatureHeader = "assent-signature";  // as HttpRequest names it

struct WebhookSignature {
  std::int64_t signed_at_s = 0;
  std::string_view time_text;  // as it was signed; within the header
  std::vector<HmacSha256> tags;
};

// Nothing for a header without exactly one time, without a tag, or beyond limits::kSignatureHeaderBytes and
// kSignatureTags.
std::optional<WebhookSignature> parse_webhook_signature(std::string_view header);

}  // namespace assent
