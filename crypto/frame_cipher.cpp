#include "crypto/frame_cipher.h"

namespace assent {

AesGcm& FrameCipher::keyed(const SecretKey& content_key) {
  ASSENT_CHECK(gcm_.set_key(content_key.reveal()));
  return gcm_;
}

}  // namespace assent
