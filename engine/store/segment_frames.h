// SegmentFrames: walks a stored segment frame by frame, each at the place that belongs to it, and hands out what
// verifies. Damage ends nothing: the next frame has its own place and its own tag.
//
// It owns one frame of plaintext, wiped at the end. One thread at a time. Errors: Errc::io when the store cannot be
// read; damage is a fault of the frame, not an error.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "crypto/message_fault.h"
#include "crypto/message_reader.h"
#include "engine/store/object_bytes.h"

namespace assent {

struct VerifiedFrame {
  std::uint32_t seq = 0;
  FrameKind kind = FrameKind::regular;
  ByteView plain;  // until the next call
};

// Reads an object's header bytes: as many as a header may have, fewer when the object is shorter.
Result<Bytes> read_header_bytes(ObjectBytes& object);

class SegmentFrames {
 public:
  // The opener is of the object's header; it is moved in. The object outlives the walk.
  SegmentFrames(ObjectBytes& object, FrameOpener opener);
  ~SegmentFrames();
  SegmentFrames(SegmentFrames&&) noexcept;
  SegmentFrames& operator=(SegmentFrames&&) noexcept;

  using Step = std::variant<VerifiedFrame, MessageFault>;
  // The next frame or what is wrong with it; nothing at the end, which is behind the final frame, or where the bytes
  // end.
  Result<std::optional<Step>> next();

  const MessageHeader& header() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assent
