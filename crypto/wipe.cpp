#include "crypto/wipe.h"

#include <openssl/crypto.h>

namespace assent {

void wipe(ByteSpan memory) { OPENSSL_cleanse(memory.data(), memory.size()); }

}  // namespace assent
