#include "bench/load/recording_match.h"

#include <algorithm>
#include <optional>

namespace assent::load {
namespace {

// The packet with this payload, from `from` on.
std::optional<std::size_t> find(ByteView payload, std::size_t from, const SentLeg& sent,
                                const PayloadPattern& pattern) {
  if (payload.size() != sent.payload_bytes) return std::nullopt;
  for (std::size_t packet = from; packet < sent.arrived.size(); ++packet) {
    if (pattern.matches(sent.leg, PacketNumber(static_cast<std::uint32_t>(packet)), payload)) return packet;
  }
  return std::nullopt;
}

std::size_t count_arrived(const SentLeg& sent, std::size_t from, std::size_t to) {
  std::size_t count = 0;
  for (std::size_t packet = from; packet < to; ++packet) count += sent.arrived[packet] ? 1 : 0;
  return count;
}

// How far the time between the first packet of each source and the later ones differs from what the sender meant.
class Clock {
 public:
  explicit Clock(const StreamPlan& plan) : plan_(plan) {}

  milliseconds shift(PacketNumber packet, milliseconds at) {
    const milliseconds difference = at - plan_.media_time(packet);
    if (const auto source = plan_.source(packet); source != source_) {
      source_ = source;
      first_ = difference;
    }
    return std::chrono::abs(difference - first_);
  }

 private:
  const StreamPlan& plan_;
  std::int64_t source_ = -1;  // none yet
  milliseconds first_{0};
};

}  // namespace

RecordingMatch match_recording(std::span<const MatroskaBlock> recorded, const SentLeg& sent,
                               const PayloadPattern& pattern) {
  RecordingMatch match;
  Clock clock(sent.plan);
  std::size_t next = 0;
  for (const MatroskaBlock& block : recorded) {
    const auto packet = find(block.payload, next, sent, pattern);
    if (!packet || !sent.arrived[*packet]) {
      ++match.foreign;
      continue;
    }
    const std::size_t between = count_arrived(sent, next, *packet);
    (match.packets == 0 ? match.skipped : match.missing) += between;
    ++match.packets;
    match.shift = std::max(match.shift, clock.shift(PacketNumber(static_cast<std::uint32_t>(*packet)), block.at));
    next = *packet + 1;
  }
  match.missing += count_arrived(sent, next, sent.arrived.size());
  return match;
}

}  // namespace assent::load
