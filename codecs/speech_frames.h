// Payloads of frames of a fixed size: G.729 and iLBC.
//
// G.729 (RFC 3551 section 4.5.6): frames of 10 bytes, 10 ms each; the last may be one of comfort noise, of 2 bytes
// (Annex B), which also stands for 10 ms. iLBC (RFC 3952 section 3): frames of 38 bytes, 20 ms each, or of 50 bytes, 30
// ms each; a payload has one kind, and its size says which, whatever `mode` was agreed on: no multiple of both fits a
// payload of less than a third of a second. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace assent {

inline constexpr std::size_t kG729FrameBytes = 10;
inline constexpr std::size_t kG729NoiseBytes = 2;
inline constexpr std::uint32_t kG729FrameMs = 10;

constexpr std::optional<std::uint32_t> g729_ms(std::size_t payload_bytes) {
  const std::size_t rest = payload_bytes % kG729FrameBytes;
  if (payload_bytes == 0 || (rest != 0 && rest != kG729NoiseBytes)) return std::nullopt;
  const std::size_t frames = payload_bytes / kG729FrameBytes + (rest != 0 ? 1 : 0);
  return static_cast<std::uint32_t>(frames) * kG729FrameMs;
}

struct IlbcFrames {
  std::size_t frame_bytes = 0;
  std::size_t count = 0;
  std::uint32_t frame_ms = 0;
};
constexpr std::optional<IlbcFrames> ilbc_frames(std::size_t payload_bytes) {
  constexpr std::size_t kShort = 38;
  constexpr std::size_t kLong = 50;
  if (payload_bytes == 0) return std::nullopt;
  if (payload_bytes % kShort == 0) return IlbcFrames{kShort, payload_bytes / kShort, 20};
  if (payload_bytes % kLong == 0) return IlbcFrames{kLong, payload_bytes / kLong, 30};
  return std::nullopt;
}

}  // namespace assent
