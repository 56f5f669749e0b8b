#include "codecs/redundant_payload.h"

namespace assent {
namespace {

constexpr std::uint8_t kMore = 0x80;
constexpr std::size_t kBlockHeadBytes = 4;

}  // namespace

std::optional<RedundantPayload> parse_redundant_payload(ByteView payload) {
  RedundantPayload out;
  std::array<std::size_t, kRedundantBlocks> sizes{};
  ByteView rest = payload;
  for (; !rest.empty() && (rest[0] & kMore) != 0; rest = rest.subspan(kBlockHeadBytes)) {
    if (rest.size() < kBlockHeadBytes || out.earlier_count == kRedundantBlocks) return std::nullopt;
    const std::uint32_t head = load_be32(rest.data());
    RedundantBlock& block = out.earlier[out.earlier_count];
    block.payload_type = (head >> 24) & 0x7F;
    block.ticks_before = (head >> 10) & 0x3FFF;
    sizes[out.earlier_count++] = head & 0x3FF;
  }
  if (rest.empty()) return std::nullopt;
  out.primary.payload_type = rest[0];
  rest = rest.subspan(1);
  for (std::size_t i = 0; i < out.earlier_count; ++i) {
    if (sizes[i] > rest.size()) return std::nullopt;
    out.earlier[i].payload = rest.first(sizes[i]);
    rest = rest.subspan(sizes[i]);
  }
  out.primary.payload = rest;
  return out;
}

}  // namespace assent
