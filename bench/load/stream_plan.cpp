#include "bench/load/stream_plan.h"

#include <algorithm>

#include "bench/load/random.h"

namespace assent::load {

StreamPlan::StreamPlan(const StreamShape& shape, Seed seed, LegNumber leg)
    : shape_(shape), key_(key_of(seed, leg, Purpose::stream)) {
  const bool pauses = shape.talk.count() > 0 && shape.silence.count() > 0;
  talk_packets_ = pauses ? static_cast<std::uint32_t>(std::max<std::int64_t>(1, shape.talk / shape.packet_time)) : 0;
}

milliseconds StreamPlan::media_time(PacketNumber packet) const {
  const milliseconds talked = shape_.packet_time * packet.value;
  if (talk_packets_ == 0) return talked;
  // Whole packets of silence, so that the legs keep their phases.
  return talked + shape_.packet_time * (shape_.silence / shape_.packet_time) * (packet.value / talk_packets_);
}

milliseconds StreamPlan::due(PacketNumber packet) const {
  const std::uint32_t last_of_group = packet.value - packet.value % shape_.burst + shape_.burst - 1;
  return media_time(PacketNumber(last_of_group));
}

std::int64_t StreamPlan::source(PacketNumber packet) const {
  return shape_.source_change.count() > 0 ? media_time(packet) / shape_.source_change : 0;
}

RtpHeader StreamPlan::header(PacketNumber packet) const {
  const milliseconds at = media_time(packet);
  Random random(mixed(key_ + static_cast<std::uint64_t>(source(packet))));
  RtpHeader header;
  header.payload_type = shape_.payload_type();
  header.marker = packet.value == 0 || (talk_packets_ != 0 && packet.value % talk_packets_ == 0);
  header.ssrc = Ssrc(static_cast<std::uint32_t>(random.next()));
  header.sequence = SequenceNumber(static_cast<std::uint16_t>(random.next() + packet.value));
  header.timestamp = RtpTimestamp(
      static_cast<std::uint32_t>(random.next() + static_cast<std::uint64_t>(at.count()) * (kClockRate / 1000)));
  return header;
}

}  // namespace assent::load
