#include "crypto/message.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "crypto/random.h"

namespace assent {

namespace {

constexpr std::string_view kReservedPrefix = "aws-crypto-";

Error refused(std::string what) { return error(Errc::invalid, "sealed message: " + std::move(what)); }

Result<MessageContext> in_order(MessageContext context) {
  std::sort(context.begin(), context.end());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < context.size(); ++i) {
    const auto& [key, value] = context[i];
    if (i > 0 && context[i - 1].first == key) return refused("context key \"" + key + "\" stands twice");
    if (key.compare(0, kReservedPrefix.size(), kReservedPrefix) == 0) {
      return refused("context key \"" + key + "\" is reserved by the format");
    }
    if (!is_utf8(key) || !is_utf8(value)) return refused("the context is not UTF-8");
    bytes += 4 + key.size() + value.size();
  }
  if (bytes > limits::kPageBytes) return refused("the context takes " + std::to_string(bytes) + " bytes");
  return context;
}

template <typename Text>
void append_field(Bytes& out, const Text& text) {
  append_be16(out, static_cast<std::uint16_t>(std::size(text)));
  out.insert(out.end(), std::begin(text), std::end(text));
}

// The data key under the leg key: AAD is the context, as the SDKs' raw AES keyring has it.
EncryptedDataKey wrap_data_key(const SecretKey& leg_key, KeyId leg_key_id, const SecretKey& data_key,
                               ByteView context) {
  const Bytes sealed = seal_with_random_iv(leg_key, context, data_key.reveal());
  const ByteView view(sealed);
  return {std::string(kKeyProvider), raw_aes_info(to_text(leg_key_id), view.first<kGcmIvBytes>()),
          Bytes(sealed.begin() + kGcmIvBytes, sealed.end())};
}

Bytes header_body(const MessageId& id, ByteView context, const EncryptedDataKey& key, const CommitKey& commit) {
  Bytes body;
  body.push_back(kMessageVersion);
  append_be16(body, static_cast<std::uint16_t>(MessageSuite::committing));
  append(body, id);
  append_field(body, context);
  append_be16(body, 1);
  append_field(body, key.provider_id);
  append_field(body, key.provider_info);
  append_field(body, key.wrapped);
  body.push_back(static_cast<std::uint8_t>(MessageContent::framed));
  append_be32(body, limits::kFrameBytes);
  append(body, commit);
  return body;
}

void append_header_tag(Bytes& header, const SecretKey& content_key) {
  std::array<std::uint8_t, kHeaderTagBytes> tag;
  AesGcm gcm;
  ASSENT_CHECK(gcm.set_key(content_key.reveal()));
  ASSENT_CHECK(gcm.seal(FrameIv{}, header, {}, {}, tag));
  append(header, tag);
}

}  // namespace

class SegmentSealer::UsedSeqs {
 public:
  bool take(std::uint32_t seq) {
    const std::lock_guard lock(mutex_);
    return used_.insert(seq).second;
  }

 private:
  std::mutex mutex_;
  std::unordered_set<std::uint32_t> used_;
};

SegmentSealer::SegmentSealer(Bytes header, MessageId id, SecretKey content_key)
    : header_(std::move(header)), message_id_(id), content_key_(std::move(content_key)) {
#ifndef NDEBUG
  used_ = std::make_unique<UsedSeqs>();
#endif
}

SegmentSealer::SegmentSealer(SegmentSealer&&) noexcept = default;
SegmentSealer& SegmentSealer::operator=(SegmentSealer&&) noexcept = default;
SegmentSealer::~SegmentSealer() = default;

Result<SegmentSealer> SegmentSealer::create(const SecretKey& leg_key, KeyId leg_key_id, const MessageContext& context) {
  auto sorted = in_order(context);
  if (!sorted) return sorted.error();
  const Bytes context_bytes = serialize_context(*sorted);
  try {
    const MessageId id = random_32();
    const SecretKey data_key = SecretKey::random();
    ContentKeys keys = derive_content_keys(data_key, id, MessageSuite::committing);
    const EncryptedDataKey wrapped = wrap_data_key(leg_key, leg_key_id, data_key, context_bytes);
    Bytes header = header_body(id, context_bytes, wrapped, keys.commit);
    append_header_tag(header, keys.content);
    if (header.size() > limits::kPageBytes) {
      return refused("the header takes " + std::to_string(header.size()) +
                     " bytes, more than a page: shorten the context");
    }
    return SegmentSealer(std::move(header), id, std::move(keys.content));
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "the memory reserved for keys is used up");
  }
}

void SegmentSealer::claim(std::uint32_t seq) const {
  ASSENT_CHECK(seq != 0 && seq != kFinalFrameMark);
  ASSENT_CHECK(used_ == nullptr || used_->take(seq));
}

void SegmentSealer::seal_frame(FrameCipher& cipher, std::uint32_t seq,
                               std::span<const std::uint8_t, limits::kFrameBytes> plain,
                               std::span<std::uint8_t, limits::kPageBytes> page) const {
  claim(seq);
  const FrameIv iv = frame_iv(seq);
  const FrameAad aad(message_id_, FrameKind::regular, seq, plain.size());
  store_be32(page.data(), seq);
  std::copy(iv.begin(), iv.end(), page.data() + 4);
  ASSENT_CHECK(cipher.keyed(content_key_)
                   .seal(iv, aad.view(), plain, page.subspan<16, limits::kFrameBytes>(), page.last<kGcmTagBytes>()));
}

std::size_t SegmentSealer::seal_final(FrameCipher& cipher, std::uint32_t seq, ByteView plain, ByteSpan page) const {
  const std::size_t bytes = plain.size() + limits::kFinalFrameOverhead;
  ASSENT_CHECK(plain.size() <= limits::kFinalFrameBytes && bytes <= page.size());
  claim(seq);
  const FrameIv iv = frame_iv(seq);
  const FrameAad aad(message_id_, FrameKind::final_frame, seq, plain.size());
  store_be32(page.data(), kFinalFrameMark);
  store_be32(page.data() + 4, seq);
  std::copy(iv.begin(), iv.end(), page.data() + 8);
  store_be32(page.data() + 20, static_cast<std::uint32_t>(plain.size()));
  ASSENT_CHECK(cipher.keyed(content_key_)
                   .seal(iv, aad.view(), plain, page.subspan(24, plain.size()),
                         page.subspan(24 + plain.size()).first<kGcmTagBytes>()));
  return bytes;
}

}  // namespace assent
