#include "crypto/frame_cipher.h"

namespace assent {

AesGcm& FrameCipher::keyed(const MessageId& id, const SecretKey& content_key) {
  if (!keyed_ || id_ != id) {
    ASSENT_CHECK(gcm_.set_key(content_key.reveal()));
    id_ = id;
    keyed_ = true;
  }
  return gcm_;
}

}  // namespace assent
