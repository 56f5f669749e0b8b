// MessageReader: a message from its first byte to its last.
#include "crypto/message_reader.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "crypto/frame_head.h"
#include "crypto/message_signature.h"
#include "crypto/wipe.h"

namespace assent {

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

// The part of the source that has been read and not yet used. It grows only by bytes that arrived.
class Window {
 public:
  explicit Window(ByteSource source) : source_(std::move(source)) {}

  // Reads until `wanted` bytes are there or the source ends; then view() has fewer. False: the source failed.
  Result<void> fill(std::size_t wanted) {
    while (end_ - begin_ < wanted && !ended_) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      end_ -= std::exchange(begin_, 0);
      if (bytes_.size() < end_ + kReadBytes) bytes_.resize(end_ + kReadBytes);
      const auto got = source_(ByteSpan(bytes_).subspan(end_));
      if (!got) return got.error();
      end_ += *got;
      ended_ = *got == 0;
    }
    return {};
  }
  ByteView view() const { return ByteView(bytes_).subspan(begin_, end_ - begin_); }
  std::uint64_t offset() const { return offset_; }
  void consume(std::size_t bytes) {
    begin_ += bytes;
    offset_ += bytes;
  }

 private:
  ByteSource source_;
  Bytes bytes_ = Bytes(kReadBytes);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;  // of begin_ in the message
  bool ended_ = false;
};

}  // namespace

ByteSource source_of(ByteView message) {
  return [message](ByteSpan into) mutable -> Result<std::size_t> {
    const std::size_t bytes = std::min(into.size(), message.size());
    std::copy_n(message.begin(), bytes, into.begin());
    message = message.subspan(bytes);
    return bytes;
  };
}

struct MessageReader::State {
  State(Window from, FrameOpener with, std::optional<MessageSignature> over)
      : window(std::move(from)),
        opener(std::move(with)),
        signature(std::move(over)),
        plain(opener.header().frame_bytes) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { wipe(plain); }

  enum class Part { frames, footer, ended };

  Result<std::optional<MessageFrame>, MessageFault> step();
  Result<MessageFrame, MessageFault> frame();
  std::optional<MessageFault> fill_frame();
  std::optional<MessageFault> footer();
  std::optional<MessageFault> expect_end();
  std::optional<MessageFault> fill(std::size_t wanted);
  void take(std::size_t bytes);
  MessageFault fault(FaultKind kind, std::string what) const { return {kind, window.offset(), seq, std::move(what)}; }

  Window window;
  FrameOpener opener;
  std::optional<MessageSignature> signature;
  FrameCipher cipher;
  Bytes plain;
  std::uint32_t seq = 1;  // of the frame that comes next; once frames are over, of the last
  Part part = Part::frames;
  std::optional<MessageFault> failed;
};

std::optional<MessageFault> MessageReader::State::fill(std::size_t wanted) {
  if (auto filled = window.fill(wanted); !filled) return fault(FaultKind::source_failed, filled.error().what);
  return std::nullopt;
}

void MessageReader::State::take(std::size_t bytes) {
  if (signature) signature->update(window.view().first(bytes));
  window.consume(bytes);
}

// Brings the whole frame into the window, or what there is of it: the opener tells what is wrong with less. The head is
// not trusted yet, so a length beyond the cap is not read for.
std::optional<MessageFault> MessageReader::State::fill_frame() {
  const MessageHeader& header = opener.header();
  if (auto failure = fill(kFrameMarkBytes)) return failure;
  if (window.view().empty()) return fault(FaultKind::final_missing, "the message ends without its final frame");
  if (window.view().size() < kFrameMarkBytes) return std::nullopt;
  const std::size_t head_bytes = frame_head_bytes(header, window.view());
  if (auto failure = fill(head_bytes)) return failure;
  if (window.view().size() < head_bytes) return std::nullopt;
  const FrameHead head = read_frame_head(header, window.view());
  if (head.plain_bytes > opener.plain_capacity()) return std::nullopt;
  if (auto failure = fill(static_cast<std::size_t>(head.frame_bytes()))) return failure;
  // Only unframed content, which comes once, is not covered by the room made at the start.
  if (window.view().size() >= head.frame_bytes() && plain.size() < head.plain_bytes) {
    plain.resize(static_cast<std::size_t>(head.plain_bytes));
  }
  return std::nullopt;
}

Result<MessageFrame, MessageFault> MessageReader::State::frame() {
  if (auto failure = fill_frame()) return *std::move(failure);
  auto opened = opener.open(cipher, seq, window.view(), plain);
  if (!opened) return opened.error();
  const MessageFrame read{seq, opened->kind, window.offset(), ByteView(plain).first(opened->plain_bytes)};
  take(opened->frame_bytes);
  if (opened->kind == FrameKind::regular) {
    ++seq;
  } else {
    part = signature ? Part::footer : Part::ended;
  }
  return read;
}

std::optional<MessageFault> MessageReader::State::footer() {
  if (auto failure = fill(2)) return failure;
  if (window.view().size() < 2) return fault(FaultKind::truncated, "the message ends before its signature");
  const std::size_t bytes = load_be16(window.view().data());
  if (bytes > kMostSignatureBytes) return fault(FaultKind::bad_signature, "no signature is that long");
  if (auto failure = fill(2 + bytes)) return failure;
  if (window.view().size() < 2 + bytes) return fault(FaultKind::truncated, "the message ends inside its signature");
  if (!signature->verify(window.view().subspan(2, bytes))) {
    return fault(FaultKind::bad_signature, "the signature is not over this message");
  }
  window.consume(2 + bytes);
  part = Part::ended;
  return std::nullopt;
}

std::optional<MessageFault> MessageReader::State::expect_end() {
  if (auto failure = fill(1)) return failure;
  if (!window.view().empty()) return fault(FaultKind::trailing_bytes, "something follows the end of the message");
  return std::nullopt;
}

Result<std::optional<MessageFrame>, MessageFault> MessageReader::State::step() {
  if (part == Part::frames) {
    auto read = frame();
    if (!read) return read.error();
    return std::optional<MessageFrame>(*read);
  }
  if (part == Part::footer) {
    if (auto wrong = footer()) return *std::move(wrong);
  }
  if (auto wrong = expect_end()) return *std::move(wrong);
  return std::optional<MessageFrame>();
}

Result<MessageReader, MessageFault> MessageReader::open(ByteSource source, const DataKeys& keys) {
  Window window(std::move(source));
  if (auto filled = window.fill(limits::kMessageHeaderBytes); !filled) {
    return MessageFault{FaultKind::source_failed, 0, 0, filled.error().what};
  }
  auto opener = FrameOpener::create(window.view(), keys);
  if (!opener) return opener.error();
  std::optional<MessageSignature> signature;
  if (opener->header().suite == MessageSuite::committing_signed) {
    signature = MessageSignature::create(opener->header().context);
    if (!signature) return MessageFault{FaultKind::bad_header, 0, 0, "a signed message without a usable public key"};
  }
  const std::size_t header_bytes = opener->header().bytes();
  auto state = std::make_unique<State>(std::move(window), *std::move(opener), std::move(signature));
  state->take(header_bytes);
  return MessageReader(std::move(state));
}

MessageReader::MessageReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
MessageReader::MessageReader(MessageReader&&) noexcept = default;
MessageReader& MessageReader::operator=(MessageReader&&) noexcept = default;
MessageReader::~MessageReader() = default;

const MessageHeader& MessageReader::header() const { return state_->opener.header(); }

Result<std::optional<MessageFrame>, MessageFault> MessageReader::next() {
  if (state_->failed) return *state_->failed;
  auto step = state_->step();
  if (!step) state_->failed = step.error();
  return step;
}

Result<std::uint32_t, MessageFault> read_through(ByteView message, const DataKeys& keys) {
  auto reader = MessageReader::open(source_of(message), keys);
  if (!reader) return reader.error();
  for (std::uint32_t frames = 0;; ++frames) {
    auto frame = reader->next();
    if (!frame) return frame.error();
    if (!*frame) return frames;
  }
}

}  // namespace assent
