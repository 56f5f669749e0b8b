// FrameCipher: the AES-GCM context a worker brings along, so that messages need none of their own. A worker that seals
// or opens several frames of one message in a row expands the key once; nothing is allocated after its first frame.
//
// One object: one thread at a time. Each encryptor owns one; a reader owns one.
#pragma once

#include "crypto/aes_gcm.h"
#include "crypto/secret.h"

namespace assent {

class FrameCipher {
 public:
  AesGcm& keyed(const SecretKey& content_key);

 private:
  AesGcm gcm_;
};

}  // namespace assent
