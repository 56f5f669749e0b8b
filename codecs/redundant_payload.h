// Redundant payloads (RFC 2198): a packet's own audio, and before it what earlier packets had, in case they were lost.
//
// Says which blocks a payload holds and where; what their payload types mean is the receiver's concern. A payload whose
// headers or blocks go past its end is none; so is one with more blocks than kRedundantBlocks, which no sender makes.
// Pure; any thread.
//
//      0                   1                   2                   3
//     +-+-------------+---------------------------+-------------------+
//     |1|  block PT   | timestamp offset, ticks   |   bytes           |   one a redundant block, oldest first
//     +-+-------------+---------------------------+-------------------+
//     |0|  block PT   |   then the blocks in the same order; the primary, the packet's own, is the last and the rest
//     +-+-------------+
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace assent {

inline constexpr std::size_t kRedundantBlocks = 8;

struct RedundantBlock {
  std::uint8_t payload_type = 0;
  std::uint16_t ticks_before = 0;  // the packet's timestamp
  ByteView payload;                // may be empty
};

struct RedundantPayload {
  RedundantBlock primary;
  std::array<RedundantBlock, kRedundantBlocks> earlier{};
  std::size_t earlier_count = 0;

  std::span<const RedundantBlock> blocks_before() const { return std::span(earlier).first(earlier_count); }
};

std::optional<RedundantPayload> parse_redundant_payload(ByteView payload);

}  // namespace assent
