#include "engine/store/segment_frames.h"

#include <algorithm>
#include <utility>

#include "crypto/wipe.h"

namespace assent {

struct SegmentFrames::State {
  State(ObjectBytes& bytes, FrameOpener header_opener)
      : object(bytes),
        opener(std::move(header_opener)),
        frame(opener.plain_capacity() + limits::kFinalFrameOverhead),
        plain(opener.plain_capacity()) {}
  ~State() { wipe(plain); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ObjectBytes& object;
  FrameOpener opener;
  FrameCipher cipher;
  Bytes frame;
  Bytes plain;
  std::uint32_t seq = 0;              // of the last step
  std::uint64_t trailing_offset = 0;  // behind the final frame
  bool final_seen = false;
  bool ended = false;
  bool faulty = false;  // the last step was a fault

  MessageFault fault(FaultKind kind, std::uint64_t offset, std::uint32_t at_frame, std::string what) {
    faulty = true;
    return {kind, offset, at_frame, std::move(what)};
  }
  std::optional<MessageFault> check_end(std::uint64_t offset);
};

// At the end of the walk: what is missing, or too much.
std::optional<MessageFault> SegmentFrames::State::check_end(std::uint64_t offset) {
  ended = true;
  if (final_seen) {
    if (trailing_offset >= object.size_bytes()) return std::nullopt;
    return fault(FaultKind::trailing_bytes, trailing_offset, seq,
                 std::to_string(object.size_bytes() - trailing_offset) + " bytes follow the final frame");
  }
  if (faulty) return std::nullopt;  // the last frame was reported already
  return fault(FaultKind::final_missing, offset, seq + 1, "the segment ends after frame " + std::to_string(seq));
}

Result<Bytes> read_header_bytes(ObjectBytes& object) {
  Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(object.size_bytes(), limits::kMessageHeaderBytes)));
  auto got = object.read_at(0, bytes);
  if (!got) return got.error();
  bytes.resize(*got);
  return bytes;
}

SegmentFrames::SegmentFrames(ObjectBytes& object, FrameOpener opener)
    : state_(std::make_unique<State>(object, std::move(opener))) {}
SegmentFrames::~SegmentFrames() = default;
SegmentFrames::SegmentFrames(SegmentFrames&&) noexcept = default;
SegmentFrames& SegmentFrames::operator=(SegmentFrames&&) noexcept = default;

const MessageHeader& SegmentFrames::header() const { return state_->opener.header(); }

Result<std::optional<SegmentFrames::Step>> SegmentFrames::next() {
  State& at = *state_;
  if (at.ended) return std::optional<Step>();
  const std::uint64_t offset = header().frame_offset(at.seq + 1);
  if (at.final_seen || offset >= at.object.size_bytes()) {
    if (auto fault = at.check_end(offset)) return std::optional<Step>(*std::move(fault));
    return std::optional<Step>();
  }

  auto got = at.object.read_at(offset, at.frame);
  if (!got) return got.error();
  ++at.seq;
  auto opened = at.opener.open(at.cipher, at.seq, ByteView(at.frame).first(*got), at.plain);
  at.faulty = !opened;
  if (!opened) return std::optional<Step>(opened.error());
  if (opened->kind != FrameKind::regular) {
    at.final_seen = true;
    at.trailing_offset = offset + opened->frame_bytes;
  }
  return std::optional<Step>(VerifiedFrame{at.seq, opened->kind, ByteView(at.plain).first(opened->plain_bytes)});
}

}  // namespace assent
