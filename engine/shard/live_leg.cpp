#include "engine/shard/live_leg.h"

#include <algorithm>
#include <utility>

#include "codecs/payload_format.h"

namespace assent {
namespace {

// A meter needs a few readings a second, not one a packet.
constexpr std::uint8_t kPacketsPerLevel = 10;

constexpr int kForWriting = 1;
constexpr std::size_t kPayloadLines = 3;  // 160 bytes of G.711

nanoseconds duration_of(std::uint32_t ticks, const Codec& codec) {
  return nanoseconds(std::int64_t{ticks} * 1'000'000'000 / codec.clock_rate);
}

void prefetch_lines(const void* from, std::size_t lines) {
  const auto* line = static_cast<const std::uint8_t*>(from);
  for (std::size_t i = 0; i < lines; ++i) __builtin_prefetch(line + i * limits::kCacheLineBytes, kForWriting);
}

}  // namespace

LiveLeg::LiveLeg(LegIdentity identity, LegReceiver receiver, LegListener& listener, LegWorkshop workshop,
                 Settings settings)
    : listener_(listener),
      gate_(workshop.blocks, segments_, permit_, settings.gate),
      receiver_(std::move(receiver)),
      segments_(workshop.blocks, workshop.seal_queue, workshop.segments, permit_, settings.segments),
      identity_(std::move(identity)) {
  segments_.set_codec(receiver_.codec());
}

void LiveLeg::prefetch() const {
  prefetch_lines(this, 1);
  prefetch_lines(&gate_, LegGate::kHotLines);
  prefetch_lines(&receiver_, LegReceiver::kHotLines);
}

void LiveLeg::prefetch_block() const {
  if (const std::uint8_t* next = gate_.write_position()) prefetch_lines(next, kPayloadLines);
}

void LiveLeg::receive(Datagram&& datagram, DatagramPort port, Now now) {
  now_ = now;
  busy_ = true;
  receiver_.receive(std::move(datagram), port, now, *this);
  busy_ = false;
  if (receiver_.is_waiting()) listener_.leg_due(receiver_.waits_until());
}

MonoTime LiveLeg::tick(Now now) {
  now_ = now;
  busy_ = true;
  receiver_.poll(now, *this);
  busy_ = false;
  const WallTime media = media_time(now);
  if (const auto due = segments_.due(); due && media >= *due) {
    // Here, between two packets, the timeline may move to the sender's clock: the next segment begins with it.
    gate_.roll();
    receiver_.adopt_sender_report();
  }
  nanoseconds next = gate_.tick(media);
  if (const auto due = segments_.due()) next = std::min(next, *due - media);
  return receiver_.is_waiting() ? std::min(now.mono + next, receiver_.waits_until()) : now.mono + next;
}

void LiveLeg::flush(Now now) {
  // A digit of this very leg turns the gate from inside the receiver: what came before it has been handed on already.
  if (busy_) return;
  now_ = now;
  busy_ = true;
  receiver_.finish(now, *this);
  busy_ = false;
}

void LiveLeg::on_audio(const RtpPacket& packet, WallTime at, std::uint32_t ticks) {
  const Codec& codec = receiver_.codec();
  const nanoseconds duration = duration_of(ticks, codec);
  heard_ = true;
  heard_until_ = at + duration;
  last_heard_ = now_.mono;
  if (packets_to_next_level_-- == 0) {
    level_dbov_ = static_cast<std::int8_t>(assent::level_dbov(codec, packet.payload()));
    packets_to_next_level_ = kPacketsPerLevel - 1;
  }
  gate_.packet(packet.payload(), at, duration);
}

void LiveLeg::on_digit(char digit, WallTime at) { listener_.leg_digit(identity_.index, digit, at, now_); }

void LiveLeg::on_codec_change(const Codec& codec) { gate_.set_codec(codec); }

void LiveLeg::on_bye(Now now) { listener_.leg_bye(identity_.index, now); }

void LiveLeg::end_pause(Now now) {
  if (paused_since_) paused_ += now.mono - *paused_since_;
  paused_since_.reset();
}

LegCounts LiveLeg::counts() const {
  const ReceiverCounts received = receiver_.counts();
  const LegGateCounts gated = gate_.counts();
  LegCounts counts;
  counts.received = received.packets;
  const AudioGaps::Sums& gaps = segments_.gaps().sums();
  counts.recorded = gated.recorded_packets - std::min(gated.recorded_packets, gaps.packets);
  counts.lost = received.lost + gate_.starved_packets();
  counts.late = received.late;
  counts.duplicated = received.duplicated;
  counts.discarded = gated.discarded_packets;
  counts.foreign = received.foreign_source;
  for (const std::uint64_t flaw : received.malformed) counts.malformed += flaw;
  counts.malformed += received.malformed_payload + received.unknown_payload_type;
  counts.gap_blocks = gaps.blocks;
  counts.gap_packets = gaps.packets;
  counts.gap_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(gaps.time).count());
  counts.paused_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(paused_).count());
  return counts;
}

}  // namespace assent
