#include "crypto/constant_time.h"

#include <openssl/crypto.h>

namespace assent {

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace assent
