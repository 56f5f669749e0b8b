#include "bench/load/payload_pattern.h"

#include <algorithm>
#include <cstring>

#include "bench/load/paced_frames.h"
#include "bench/load/random.h"

namespace assent::load {
namespace {

// Calls `take` with eight bytes at a time and where they belong, until it says that it has had enough.
template <typename Take>
bool each_word(Seed seed, LegNumber leg, PacketNumber packet, std::size_t payload_bytes, Take take) {
  const std::uint64_t base = payload_base(key_of(seed, leg, Purpose::payload), packet.value);
  for (std::size_t at = 0; at < payload_bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = payload_word(base, static_cast<std::uint32_t>(at / sizeof(std::uint64_t)));
    if (!take(word, at, std::min(sizeof word, payload_bytes - at))) return false;
  }
  return true;
}

}  // namespace

void PayloadPattern::fill(LegNumber leg, PacketNumber packet, ByteSpan payload) const {
  each_word(seed_, leg, packet, payload.size(), [&](std::uint64_t word, std::size_t at, std::size_t bytes) {
    std::memcpy(&payload[at], &word, bytes);
    return true;
  });
}

bool PayloadPattern::matches(LegNumber leg, PacketNumber packet, ByteView payload) const {
  return each_word(seed_, leg, packet, payload.size(), [&](std::uint64_t word, std::size_t at, std::size_t bytes) {
    return std::memcmp(&payload[at], &word, bytes) == 0;
  });
}

}  // namespace assent::load
