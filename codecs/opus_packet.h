// Opus packets: how long one lasts, and whether it is one, by its first bytes (RFC 6716 section 3).
//
// An RTP payload is one Opus packet (RFC 7587 section 4.2). Its first byte, the TOC, says how long each frame is and
// how many there are, so a packet of any size lasts what it says: 2.5 to 120 ms. A packet that breaks one of the rules
// R1 to R7 of section 3.4 is none. Pure; any thread.
//
//      0               1
//     +---------+-+---+-+-+-----------+
//     | config  |s| c |v|p|  M frames |     the second byte only when c, the code, is 3
//     +---------+-+---+-+-+-----------+
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace assent {

// Ticks of 48,000 a second, 120 to 5760; nothing for bytes that are no Opus packet.
std::optional<std::uint32_t> opus_ticks(ByteView packet);

}  // namespace assent
