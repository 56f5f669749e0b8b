// The AWS Encryption SDK message, format v2, as far as both sides share it: constants, the parsed header, key
// derivation and the AAD of a frame. Follows the SDK's published message format; our profile of it is the "sealed
// segment".
//
//     header body | 1 version = 2 | 2 suite | 32 message id | 2 + L context | 2 count, then the encrypted data keys
//                 | 1 content type | 4 frame length | 32 commit key |
//     header tag  | 16 |            GCM under the content key, IV = 12 zero bytes, nothing sealed, AAD = header body
//     frame       | 4 seq | 12 IV | frame length | 16 tag |
//     final frame | 4 0xFFFFFFFF | 4 seq | 12 IV | 4 length | length | 16 tag |
//     footer      | 2 length | ECDSA signature |            suite 0x0578 only
//
//     context     | 2 count | per pair: 2 + key, 2 + value |            an empty one is L = 0 and nothing
//     data key    | 2 + provider id | 2 + provider info | 2 + wrapped key |
//     our info    | key name | 4 tag bits = 128 | 4 IV bytes = 12 | 12 IV |
//
// All integers big-endian, all pure, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/secret.h"

namespace assent {

enum class MessageSuite : std::uint16_t {
  committing = 0x0478,         // AES-256-GCM, HKDF-SHA512, key commitment: the one we write
  committing_signed = 0x0578,  // the same with an ECDSA P-384 footer: read only
};

enum class MessageContent : std::uint8_t {
  unframed = 1,  // legacy: read only
  framed = 2,
};

inline constexpr std::uint8_t kMessageVersion = 2;
inline constexpr std::uint32_t kFinalFrameMark = 0xFFFFFFFF;
inline constexpr std::string_view kKeyProvider = "assent";
inline constexpr std::size_t kMessageIdBytes = 32;
inline constexpr std::size_t kHeaderTagBytes = 16;

// Pairs sorted by the bytes of their keys, no key twice, UTF-8. Clear text that survives erasure: opaque ids only.
using MessageContext = std::vector<std::pair<std::string, std::string>>;
using MessageId = std::array<std::uint8_t, kMessageIdBytes>;
using CommitKey = std::array<std::uint8_t, 32>;

struct EncryptedDataKey {
  std::string provider_id;
  Bytes provider_info;
  Bytes wrapped;
};

struct MessageHeader {
  MessageSuite suite = MessageSuite::committing;
  MessageId message_id{};
  MessageContext context;  // in the message's order
  Bytes context_bytes;     // as it stands in the message without its length: the AAD of the data key's wrap
  std::vector<EncryptedDataKey> keys;
  MessageContent content = MessageContent::framed;
  std::uint32_t frame_bytes = 0;  // 0 when unframed
  CommitKey commit_key{};
  std::array<std::uint8_t, kHeaderTagBytes> tag{};
  std::size_t body_bytes = 0;  // without the tag

  std::size_t bytes() const { return body_bytes + kHeaderTagBytes; }
  // Where frame `seq` (from 1) begins, from the start of the message.
  std::uint64_t frame_offset(std::uint32_t seq) const {
    return bytes() + std::uint64_t{seq - 1} * (frame_bytes + std::uint64_t{limits::kFrameOverhead});
  }
};

// Provider info of a raw AES key, and the key name in it: empty when the info has another shape.
Bytes raw_aes_info(std::string_view key_name, std::span<const std::uint8_t, 12> iv);
std::string key_name_of(const EncryptedDataKey& key);

Bytes serialize_context(const MessageContext& context);  // as it stands; texts of at most 65535 bytes

struct ContentKeys {
  SecretKey content;
  CommitKey commit;
};
ContentKeys derive_content_keys(const SecretKey& data_key, const MessageId& message_id, MessageSuite suite);

enum class FrameKind : std::uint8_t { regular, final_frame, unframed };

// | 32 message id | the kind's text | 4 seq | 8 plaintext length |
class FrameAad {
 public:
  FrameAad(const MessageId& message_id, FrameKind kind, std::uint32_t seq, std::uint64_t plain_bytes);
  ByteView view() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::uint8_t, kMessageIdBytes + 40 + 4 + 8> bytes_;
  std::size_t size_ = 0;
};

using FrameIv = std::array<std::uint8_t, 12>;
FrameIv frame_iv(std::uint32_t seq);  // 8 zero bytes | seq

}  // namespace assent
