// The clear-text head of a frame, shared by FrameOpener and MessageReader:
//
//     regular   | 4 seq | 12 IV |
//     final     | 4 0xFFFFFFFF | 4 seq | 12 IV | 4 length |
//     unframed  | 12 IV | 8 length |            the whole content, as frame 1
//
// Nothing in it is authenticated before the frame's tag is. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "crypto/aes_gcm.h"
#include "crypto/message_format.h"

namespace assent {

struct FrameHead {
  FrameKind kind = FrameKind::regular;
  std::uint32_t seq = 0;
  std::size_t iv_at = 0;
  std::size_t bytes = 0;
  std::uint64_t plain_bytes = 0;  // as claimed

  std::uint64_t frame_bytes() const { return bytes + plain_bytes + kGcmTagBytes; }
};

inline constexpr std::size_t kFrameMarkBytes = 4;  // enough to tell how long the head is

// `start`: the frame's first bytes, at least kFrameMarkBytes.
inline std::size_t frame_head_bytes(const MessageHeader& header, ByteView start) {
  if (header.content == MessageContent::unframed) return 12 + 8;
  return load_be32(start.data()) == kFinalFrameMark ? 4 + 4 + 12 + 4 : 4 + 12;
}

// `head`: at least frame_head_bytes.
inline FrameHead read_frame_head(const MessageHeader& header, ByteView head) {
  const std::uint8_t* p = head.data();
  if (header.content == MessageContent::unframed) return {FrameKind::unframed, 1, 0, 20, load_be64(p + 12)};
  if (load_be32(p) == kFinalFrameMark) return {FrameKind::final_frame, load_be32(p + 4), 8, 24, load_be32(p + 20)};
  return {FrameKind::regular, load_be32(p), 4, 16, header.frame_bytes};
}

}  // namespace assent
