// FrameCipher: the AES-GCM context a worker brings along. It remembers for which message it is keyed, so a worker that
// seals or opens several frames of one message expands the key once; nothing is allocated after its first frame.
//
// One object: one thread at a time. Each encryptor owns one; a reader owns one.
#pragma once

#include "crypto/aes_gcm.h"
#include "crypto/message_format.h"

namespace assent {

class FrameCipher {
 public:
  // The context keyed with `content_key`, which belongs to the message named `id`.
  AesGcm& keyed(const MessageId& id, const SecretKey& content_key);

 private:
  AesGcm gcm_;
  MessageId id_{};
  bool keyed_ = false;
};

}  // namespace assent
