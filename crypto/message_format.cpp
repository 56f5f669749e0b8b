#include "crypto/message_format.h"

#include <cstring>

#include "crypto/aes_gcm.h"
#include "crypto/hkdf.h"
#include "crypto/wipe.h"

namespace assent {

namespace {

std::string_view text_of_kind(FrameKind kind) {
  switch (kind) {
    case FrameKind::regular: return "AWSKMSEncryptionClient Frame";
    case FrameKind::final_frame: return "AWSKMSEncryptionClient Final Frame";
    case FrameKind::unframed: return "AWSKMSEncryptionClient Single Block";
  }
  return {};
}

constexpr std::size_t kInfoTailBytes = 4 + 4 + kGcmIvBytes;

}  // namespace

Bytes raw_aes_info(std::string_view key_name, std::span<const std::uint8_t, kGcmIvBytes> iv) {
  Bytes info;
  append(info, bytes_of(key_name));
  append_be32(info, kGcmTagBytes * 8);
  append_be32(info, kGcmIvBytes);
  append(info, iv);
  return info;
}

std::string key_name_of(const EncryptedDataKey& key) {
  const ByteView info(key.provider_info);
  if (info.size() <= kInfoTailBytes) return {};
  const ByteView tail = info.last(kInfoTailBytes);
  if (load_be32(tail.data()) != kGcmTagBytes * 8 || load_be32(tail.data() + 4) != kGcmIvBytes) return {};
  return text_of(info.first(info.size() - kInfoTailBytes));
}

Bytes serialize_context(const MessageContext& context) {
  Bytes out;
  if (context.empty()) return out;
  append_be16(out, static_cast<std::uint16_t>(context.size()));
  for (const auto& [key, value] : context) {
    for (const std::string* text : {&key, &value}) {
      append_be16(out, static_cast<std::uint16_t>(text->size()));
      append(out, bytes_of(*text));
    }
  }
  return out;
}

ContentKeys derive_content_keys(const SecretKey& data_key, const MessageId& message_id, MessageSuite suite) {
  HmacSha512 prk = hkdf_sha512_extract(message_id, data_key.reveal());
  Bytes derive_info;
  append_be16(derive_info, static_cast<std::uint16_t>(suite));
  append(derive_info, bytes_of("DERIVEKEY"));
  ContentKeys keys{SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> bytes) {
                     ASSENT_CHECK(hkdf_sha512_expand(prk, derive_info, bytes));
                   }),
                   {}};
  ASSENT_CHECK(hkdf_sha512_expand(prk, bytes_of("COMMITKEY"), keys.commit));
  wipe(prk);
  return keys;
}

FrameAad::FrameAad(const MessageId& message_id, FrameKind kind, std::uint32_t seq, std::uint64_t plain_bytes) {
  const std::string_view text = text_of_kind(kind);
  std::memcpy(bytes_.data(), message_id.data(), message_id.size());
  std::memcpy(bytes_.data() + message_id.size(), text.data(), text.size());
  std::uint8_t* numbers = bytes_.data() + message_id.size() + text.size();
  store_be32(numbers, seq);
  store_be64(numbers + 4, plain_bytes);
  size_ = message_id.size() + text.size() + 12;
}

FrameIv frame_iv(std::uint32_t seq) {
  FrameIv iv{};
  store_be32(iv.data() + 8, seq);
  return iv;
}

}  // namespace assent
