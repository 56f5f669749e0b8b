// FrameOpener: from the header to the content key, and single frames under it.
#include <string>
#include <utility>

#include "crypto/constant_time.h"
#include "crypto/frame_head.h"
#include "crypto/message_reader.h"

namespace assent {

namespace {

MessageFault fault_at(FaultKind kind, std::uint64_t offset, std::uint32_t frame, std::string what) {
  return {kind, offset, frame, std::move(what)};
}

std::optional<SecretKey> unwrap_data_key(const SecretKey& wrapping, const EncryptedDataKey& key, ByteView context) {
  if (key.wrapped.size() != SecretKey::kBytes + kGcmTagBytes) return std::nullopt;
  const ByteView wrapped(key.wrapped);
  const ByteView iv = ByteView(key.provider_info).last(kGcmIvBytes);
  bool opened = false;
  auto data_key = SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> bytes) {
    AesGcm gcm;
    ASSENT_CHECK(gcm.set_key(wrapping.reveal()));
    opened = gcm.open(iv, context, wrapped.first(SecretKey::kBytes), wrapped.last<kGcmTagBytes>(), bytes).has_value();
  });
  if (!opened) return std::nullopt;
  return data_key;
}

// What can be told about a frame's place and lengths before any of it is trusted.
std::optional<MessageFault> check_head(const MessageHeader& header, const FrameHead& head, std::uint32_t seq) {
  const std::uint64_t offset = header.frame_offset(seq);
  if (head.seq != seq) {
    return fault_at(FaultKind::frame_out_of_order, offset, seq,
                    "frame " + std::to_string(head.seq) + " stands where frame " + std::to_string(seq) + " belongs");
  }
  if (head.kind == FrameKind::final_frame && head.plain_bytes > header.frame_bytes) {
    return fault_at(
        FaultKind::bad_frame, offset, seq,
        "the final frame says it has " + std::to_string(head.plain_bytes) + " bytes, more than a frame has");
  }
  if (head.plain_bytes > limits::kMessageFrameBytes) {
    return fault_at(FaultKind::over_limit, offset, seq,
                    "unframed content of " + std::to_string(head.plain_bytes) + " bytes; at most " +
                        std::to_string(limits::kMessageFrameBytes) + " are read");
  }
  return std::nullopt;
}

}  // namespace

DataKeys data_keys_from(KeyLookup lookup) {
  return [lookup = std::move(lookup)](const MessageHeader& header) -> Result<SecretKey, MessageFault> {
    std::string names;
    bool known = false;
    for (const EncryptedDataKey& key : header.keys) {
      const std::string name = key.provider_id == kKeyProvider ? key_name_of(key) : std::string();
      const SecretKey* wrapping = name.empty() ? nullptr : lookup(name);
      names += (names.empty() ? "" : ", ") + (name.empty() ? "one of provider " + key.provider_id : name);
      if (wrapping == nullptr) continue;
      known = true;
      if (auto data_key = unwrap_data_key(*wrapping, key, header.context_bytes)) return *std::move(data_key);
    }
    if (known) {
      return fault_at(FaultKind::key_tag, 0, 0, "key " + names + " does not open the data key: wrong key, or damaged");
    }
    return fault_at(FaultKind::no_key, 0, 0, "none of the message's keys is at hand: " + names);
  };
}

FrameOpener::FrameOpener(MessageHeader header, SecretKey content_key)
    : header_(std::move(header)), content_key_(std::move(content_key)) {}

Result<FrameOpener, MessageFault> FrameOpener::create(ByteView message, const DataKeys& keys) {
  auto header = parse_header(message);
  if (!header) return header.error();
  auto data_key = keys(*header);
  if (!data_key) return data_key.error();
  ContentKeys content = derive_content_keys(*data_key, header->message_id, header->suite);
  if (!equal_constant_time(content.commit, header->commit_key)) {
    return fault_at(FaultKind::commitment_mismatch, header->body_bytes - header->commit_key.size(), 0,
                    "the message commits to another data key");
  }
  AesGcm gcm;
  ASSENT_CHECK(gcm.set_key(content.content.reveal()));
  if (!gcm.open(FrameIv{}, message.first(header->body_bytes), {}, header->tag, {})) {
    return fault_at(FaultKind::header_tag, header->body_bytes, 0, "the header was changed");
  }
  return FrameOpener(*std::move(header), std::move(content.content));
}

std::size_t FrameOpener::plain_capacity() const {
  return header_.content == MessageContent::framed ? header_.frame_bytes : limits::kMessageFrameBytes;
}

Result<OpenedFrame, MessageFault> FrameOpener::open(FrameCipher& cipher, std::uint32_t seq, ByteView frame,
                                                    ByteSpan plain) const {
  const std::uint64_t offset = header_.frame_offset(seq);
  const auto truncated = [&] {
    return fault_at(FaultKind::truncated, offset, seq, "the message ends inside frame " + std::to_string(seq));
  };
  if (frame.size() < kFrameMarkBytes || frame.size() < frame_head_bytes(header_, frame)) return truncated();
  const FrameHead head = read_frame_head(header_, frame);
  if (auto fault = check_head(header_, head, seq)) return *std::move(fault);
  if (frame.size() < head.frame_bytes()) return truncated();
  const auto plain_bytes = static_cast<std::size_t>(head.plain_bytes);
  ASSENT_CHECK(plain.size() >= plain_bytes);
  const FrameAad aad(header_.message_id, head.kind, seq, plain_bytes);
  const auto opened =
      cipher.keyed(content_key_)
          .open(frame.subspan(head.iv_at, kGcmIvBytes), aad.view(), frame.subspan(head.bytes, plain_bytes),
                frame.subspan(head.bytes + plain_bytes).first<kGcmTagBytes>(), plain.first(plain_bytes));
  if (!opened) {
    return fault_at(FaultKind::frame_tag, offset, seq,
                    "frame " + std::to_string(seq) + " does not verify: it was changed, or belongs to another message");
  }
  return OpenedFrame{head.kind, static_cast<std::size_t>(head.frame_bytes()), plain_bytes};
}

}  // namespace assent
