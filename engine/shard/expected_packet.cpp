#include "engine/shard/expected_packet.h"

#include <algorithm>
#include <limits>

namespace assent {

void ExpectedPacket::expect(const ExpectedStream& stream, const ExpectedRoom& room) {
  head_ = head_of(stream.payload_type, stream.sequence.value, stream.timestamp.value);
  ssrc_ = stream.ssrc.value;
  source_ = stream.source;
  payload_bytes_ = stream.payload_bytes;
  ticks_ = stream.ticks;
  duration_ms_ = static_cast<std::uint16_t>(stream.duration.count());
  to_ = room.to;
  relative_ms_ = room.relative_ms;
  due_ = stream.due;
  late_ns_ = static_cast<std::int32_t>(std::clamp<nanoseconds>(stream.late, -kMostLate, kMostLate).count());
  jitter_ns_ = stream.jitter_ns;
  taken_ = 0;
  // Its time in the Cluster is a 16-bit number, too.
  const int until_full = std::numeric_limits<std::int16_t>::max() - relative_ms_;
  const auto by_time = duration_ms_ == 0 ? std::size_t{0} : static_cast<std::size_t>(until_full / duration_ms_);
  left_ = static_cast<std::uint8_t>(
      std::min({room.packets, by_time, std::size_t{std::numeric_limits<std::uint8_t>::max()}}));
}

}  // namespace assent
