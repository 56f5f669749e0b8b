// parse_header: what a message says about itself, under caps, before any key.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "crypto/message_reader.h"

namespace assent {

namespace {

// Takes fields from the front and remembers the first fault; after a fault every field is empty or zero.
class HeaderCursor {
 public:
  explicit HeaderCursor(ByteView message) : message_(message) {}

  std::size_t offset() const { return offset_; }
  const std::optional<MessageFault>& fault() const { return fault_; }

  void fail(FaultKind kind, std::string what, std::size_t at) {
    if (!fault_) fault_ = MessageFault{kind, at, 0, std::move(what)};
  }

  ByteView take(std::size_t bytes, std::string_view field) {
    if (fault_) return {};
    if (bytes > limits::kMessageHeaderBytes - offset_) {
      fail(FaultKind::over_limit,
           std::string(field) + " takes the header beyond its limit of " + std::to_string(limits::kMessageHeaderBytes) +
               " bytes",
           offset_);
      return {};
    }
    if (bytes > message_.size() - offset_) {
      fail(FaultKind::truncated, "the message ends in the header's " + std::string(field), offset_);
      return {};
    }
    const ByteView taken = message_.subspan(offset_, bytes);
    offset_ += bytes;
    return taken;
  }

  std::uint8_t u8(std::string_view field) {
    const ByteView bytes = take(1, field);
    return bytes.empty() ? std::uint8_t{0} : bytes[0];
  }
  std::uint16_t u16(std::string_view field) {
    const ByteView bytes = take(2, field);
    return bytes.empty() ? std::uint16_t{0} : load_be16(bytes.data());
  }
  std::uint32_t u32(std::string_view field) {
    const ByteView bytes = take(4, field);
    return bytes.empty() ? 0 : load_be32(bytes.data());
  }
  ByteView counted(std::string_view field) { return take(u16(field), field); }

  template <typename Array>
  void fill(Array& array, std::string_view field) {
    const ByteView bytes = take(array.size(), field);
    std::copy(bytes.begin(), bytes.end(), array.begin());
  }

 private:
  ByteView message_;
  std::size_t offset_ = 0;
  std::optional<MessageFault> fault_;
};

void parse_suite(HeaderCursor& in, MessageHeader& header) {
  const std::uint8_t version = in.u8("version");
  if (version == 1) in.fail(FaultKind::unknown_suite, "format v1, which does not commit to its key, is not read", 0);
  if (version != kMessageVersion) in.fail(FaultKind::bad_header, "this is not an AWS Encryption SDK message", 0);
  const std::size_t at = in.offset();
  const std::uint16_t suite = in.u16("suite");
  header.suite = static_cast<MessageSuite>(suite);
  if (header.suite != MessageSuite::committing && header.suite != MessageSuite::committing_signed) {
    in.fail(FaultKind::unknown_suite, "algorithm suite " + std::to_string(suite) + " is not read", at);
  }
}

// The pairs of a context that has been cut out of the header: its lengths must use it up exactly.
bool parse_pairs(ByteView bytes, MessageContext& context) {
  if (bytes.size() < 2) return bytes.empty();
  const std::size_t count = load_be16(bytes.data());
  bytes = bytes.subspan(2);
  const auto text = [&bytes]() -> std::optional<std::string> {
    if (bytes.size() < 2 || bytes.size() - 2 < load_be16(bytes.data())) return std::nullopt;
    const std::size_t size = load_be16(bytes.data());
    std::string taken = text_of(bytes.subspan(2, size));
    bytes = bytes.subspan(2 + size);
    if (!is_utf8(taken)) return std::nullopt;
    return taken;
  };
  for (std::size_t i = 0; i < count; ++i) {
    auto key = text();
    auto value = key ? text() : std::nullopt;
    if (!value) return false;
    context.emplace_back(std::move(*key), std::move(*value));
  }
  return count > 0 && bytes.empty();
}

bool has_key_twice(const MessageContext& context) {
  std::vector<std::string_view> keys;
  for (const auto& pair : context) keys.emplace_back(pair.first);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

void parse_context(HeaderCursor& in, MessageHeader& header) {
  const std::size_t at = in.offset();
  const std::size_t bytes = in.u16("context length");
  if (bytes > limits::kMessageContextBytes) {
    in.fail(FaultKind::over_limit,
            "the context has " + std::to_string(bytes) + " bytes; at most " +
                std::to_string(limits::kMessageContextBytes) + " are read",
            at);
  }
  const ByteView context = in.take(bytes, "context");
  if (in.fault()) return;
  if (!parse_pairs(context, header.context)) in.fail(FaultKind::bad_header, "the context's pairs do not add up", at);
  if (has_key_twice(header.context)) in.fail(FaultKind::bad_header, "the context has a key twice", at);
  header.context_bytes.assign(context.begin(), context.end());
}

void parse_keys(HeaderCursor& in, MessageHeader& header) {
  const std::size_t at = in.offset();
  const std::size_t count = in.u16("key count");
  if (count == 0) in.fail(FaultKind::bad_header, "the message has no encrypted data key", at);
  if (count > limits::kMessageKeys) {
    in.fail(FaultKind::over_limit,
            "the message has " + std::to_string(count) + " encrypted data keys; at most " +
                std::to_string(limits::kMessageKeys) + " are read",
            at);
  }
  for (std::size_t i = 0; i < count && !in.fault(); ++i) {
    const ByteView provider = in.counted("key provider");
    const ByteView info = in.counted("key provider info");
    const ByteView wrapped = in.counted("wrapped data key");
    header.keys.push_back({text_of(provider), Bytes(info.begin(), info.end()), Bytes(wrapped.begin(), wrapped.end())});
  }
}

void parse_framing(HeaderCursor& in, MessageHeader& header) {
  const std::size_t at = in.offset();
  header.content = static_cast<MessageContent>(in.u8("content type"));
  header.frame_bytes = in.u32("frame length");
  const bool framed = header.content == MessageContent::framed;
  if (!framed && header.content != MessageContent::unframed) in.fail(FaultKind::bad_header, "unknown content type", at);
  if (framed != (header.frame_bytes > 0)) in.fail(FaultKind::bad_header, "frame length and content type disagree", at);
  if (header.frame_bytes > limits::kMessageFrameBytes) {
    in.fail(FaultKind::over_limit,
            "frames have " + std::to_string(header.frame_bytes) + " bytes; at most " +
                std::to_string(limits::kMessageFrameBytes) + " are read",
            at + 1);
  }
}

}  // namespace

Result<MessageHeader, MessageFault> parse_header(ByteView message) {
  HeaderCursor in(message);
  MessageHeader header;
  parse_suite(in, header);
  in.fill(header.message_id, "message id");
  parse_context(in, header);
  parse_keys(in, header);
  parse_framing(in, header);
  in.fill(header.commit_key, "commitment");
  header.body_bytes = in.offset();
  in.fill(header.tag, "tag");
  if (in.fault()) return *in.fault();
  return header;
}

}  // namespace assent
