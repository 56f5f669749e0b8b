#include "crypto/srtp_sdes.h"

#include "crypto/srtp_session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)assent::parse_srtp_sdes("a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + std::string(text));
  const auto sdes = assent::parse_srtp_sdes(text);
  if (sdes && !assent::check_srtp_keys(sdes->suite, sdes->keys)) __builtin_trap();
  return 0;
}
