#include "bench/load/frame_template.h"

#include <arpa/inet.h>

#include <cstring>

#include "bench/load/random.h"

namespace assent::load {
namespace {

constexpr std::uint32_t kSourceNet = 0xC6120000U;  // 198.18.0.0
constexpr std::uint16_t kSourcePort = 5004;        // RFC 3551 section 8
constexpr std::uint16_t kEtherTypeIp = 0x0800;
constexpr std::uint16_t kVersionAndLength = 0x4500;
constexpr std::uint16_t kDoNotFragment = 0x4000;
constexpr std::uint16_t kHopsAndUdp = 64U << 8U | 17U;

void put(ByteSpan frame, std::size_t at, std::size_t value) {
  put16(&frame[at], htons(static_cast<std::uint16_t>(value)));
}

}  // namespace

bool is_plain(const StreamShape& shape) {
  const std::size_t words = shape.payload_bytes() / sizeof(std::uint64_t);
  return shape.payload_bytes() % sizeof(std::uint64_t) == 0 && words <= kPayloadWordsMax && shape.talk.count() == 0 &&
         shape.silence.count() == 0 && shape.source_change.count() == 0 && shape.burst == 1;
}

Bytes frame_template(std::size_t payload_bytes) {
  Bytes frame(kFramePayload + payload_bytes);
  put(frame, kFrameIp - 2, kEtherTypeIp);
  put(frame, kFrameIp, kVersionAndLength);
  put(frame, kFrameIp + 2, frame.size() - kFrameIp);
  put(frame, kFrameIp + 6, kDoNotFragment);
  put(frame, kFrameIp + 8, kHopsAndUdp);
  put(frame, kFrameUdp + 4, frame.size() - kFrameUdp);
  return frame;
}

std::uint32_t template_ip_sum(ByteView frame) {
  std::uint32_t sum = 0;
  for (std::size_t at = kFrameIp; at < kFrameUdp; at += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, &frame[at], sizeof word);
    sum += word;
  }
  return sum;
}

std::optional<PacedLeg> paced_leg(const StreamShape& shape, Seed seed, LegNumber leg, const Endpoint& to,
                                  std::uint32_t place) {
  if (!to.is_v4()) return std::nullopt;
  const RtpHeader first = StreamPlan(shape, seed, leg).header(PacketNumber(0));
  PacedLeg made{};
  made.payload_key = key_of(seed, leg, Purpose::payload);
  made.source = htonl(kSourceNet + place);
  std::memcpy(&made.destination, &to.address[12], sizeof made.destination);
  made.source_port = htons(kSourcePort);
  made.destination_port = htons(to.port);
  made.sequence = first.sequence.value;
  made.payload_type = first.payload_type;
  made.timestamp = first.timestamp.value;
  made.ssrc = first.ssrc.value;
  return made;
}

}  // namespace assent::load
