// SrtpFrame: where in a packet of SRTP what lies (RFC 3711 3.1, RFC 7714 8 and 9.1).
//
//     | header, contributing sources, extension | payload, encrypted | MKI | tag |      AES-CM and HMAC-SHA1
//     | header, contributing sources, extension | payload, encrypted | tag | MKI |      AES-GCM
//
// Nothing in it has been authenticated yet. Pure; any thread. Lengths in bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/srtp_index.h"

namespace assent {

struct SrtpFrame {
  SrtpSequence sequence;
  std::uint32_t ssrc = 0;
  std::uint32_t payload_at = 0;  // from the packet's start
};

// Of `packet` without what follows the payload. Nothing when it is not RTP of version 2, or its header goes past the
// end.
inline std::optional<SrtpFrame> srtp_frame_of(ByteView packet) {
  constexpr std::size_t kHeaderBytes = 12;
  constexpr std::size_t kWordBytes = 4;
  if (packet.size() < kHeaderBytes || packet.size() > limits::kSrtpPacketBytes) return std::nullopt;
  const std::uint8_t* const p = packet.data();
  if ((p[0] & 0xC0) != 0x80) return std::nullopt;
  std::size_t payload_at = kHeaderBytes + kWordBytes * (p[0] & 0x0FU);
  if ((p[0] & 0x10) != 0) {
    payload_at += kWordBytes;
    if (payload_at > packet.size()) return std::nullopt;
    payload_at += kWordBytes * load_be16(p + payload_at - 2);
  }
  if (payload_at > packet.size()) return std::nullopt;
  return SrtpFrame{SrtpSequence(load_be16(p + 2)), load_be32(p + 8), static_cast<std::uint32_t>(payload_at)};
}

}  // namespace assent
