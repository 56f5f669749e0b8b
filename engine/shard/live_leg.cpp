#include "engine/shard/live_leg.h"

#include <algorithm>
#include <utility>

#include "base/prefetch.h"
#include "codecs/payload_format.h"

namespace assent {
namespace {

// A meter needs a few readings a second, not one a packet. What came as expected is not looked at.
constexpr std::uint8_t kPacketsPerLevel = 10;

nanoseconds duration_of(std::uint32_t ticks, const Codec& codec) {
  return nanoseconds(std::int64_t{ticks} * 1'000'000'000 / codec.clock_rate);
}

// What was not opened, by what the same would be of plain packets: a replay comes again, one from behind the window
// comes too late, and what nobody with the leg's key has sent is not the leg's.
void add_srtp_faults(const SrtpCounts& srtp, LegCounts& counts) {
  counts.duplicated += srtp.of(SrtpFault::replayed);
  counts.late += srtp.of(SrtpFault::too_old);
  counts.malformed += srtp.of(SrtpFault::malformed) + srtp.of(SrtpFault::too_many_sources);
  counts.foreign += srtp.of(SrtpFault::unauthentic) + srtp.of(SrtpFault::unknown_mki) + srtp.of(SrtpFault::unkeyed);
}

}  // namespace

LiveLeg::LiveLeg(LegIdentity identity, LegReceiver receiver, LegListener& listener, LegWorkshop workshop,
                 Settings settings)
    : listener_(listener),
      gate_(workshop.blocks, segments_, permits_, settings.gate),
      receiver_(std::move(receiver)),
      segments_(workshop.blocks, workshop.seal_queue, workshop.segments, permits_, settings.segments),
      identity_(std::move(identity)) {
  gate_.set_codec(receiver_.codec());
  if (settings.key_tones == KeyTones::heard) {
    key_tones_.emplace();
    listen();
  }
}

void LiveLeg::prefetch() const {
  prefetch_for_writing(this, limits::kCacheLineBytes);
  prefetch_for_writing(&gate_, LegGate::kHotLines * limits::kCacheLineBytes);
  prefetch_for_writing(&receiver_, LegReceiver::kHotLines * limits::kCacheLineBytes);
  prefetch_for_writing(&segments_, limits::kCacheLineBytes);  // it is most often because a block is full
}

void LiveLeg::expect_at(ExpectedPacket* place) {
  catch_up();
  (listens_ ? withheld_ : expected_) = place;
}

Result<void> LiveLeg::change_srtp(SrtpEngine& engine, const SrtpTerms& terms) {
  if (srtp_) return srtp_->change(engine, terms);
  auto opened = LegSrtp::open(engine, terms);
  if (!opened) return opened.error();
  srtp_ = std::move(*opened);
  return {};
}

void LiveLeg::catch_up() {
  if (expected_ == nullptr) return;
  const PassedPackets passed = expected_->take_back();
  if (passed.packets == 0) return;
  receiver_.passed(passed);
  heard_until_ += passed.packets * passed.duration;
  last_heard_ = passed.last;
  gate_.passed(passed.packets, passed.payload_bytes, heard_until_);
  packets_to_next_level_ = static_cast<std::uint8_t>(std::max(0, packets_to_next_level_ - passed.packets));
}

void LiveLeg::expect_next() {
  if (expected_ == nullptr) return;
  const auto next = receiver_.foresee();
  if (!next) return;
  const ExpectedRoom room = gate_.room_for(next->payload_bytes, next->at);
  if (room.packets != 0) expected_->expect(*next, room);
}

void LiveLeg::receive(Datagram&& datagram, DatagramPort port, Now now) {
  catch_up();
  now_ = now;
  busy_ = true;
  receiver_.receive(std::move(datagram), port, now, *this);
  busy_ = false;
  if (receiver_.is_waiting()) listener_.leg_due(receiver_.waits_until());
  expect_next();
}

MonoTime LiveLeg::tick(Now now) {
  catch_up();
  now_ = now;
  busy_ = true;
  receiver_.poll(now, *this);
  busy_ = false;
  if (segments_.is_behind()) segments_.reap();
  const WallTime media = media_time(now);
  if (const auto due = segments_.due(); due && media >= *due) {
    // Here, between two packets, the timeline may move to the sender's clock: the next segment begins with it.
    gate_.roll();
    receiver_.adopt_sender_report();
  }
  nanoseconds next = gate_.tick(media);
  if (const auto due = segments_.due()) next = std::min(next, *due - media);
  expect_next();
  return receiver_.is_waiting() ? std::min(now.mono + next, receiver_.waits_until()) : now.mono + next;
}

void LiveLeg::flush(Now now) {
  // A digit of this very leg turns the gate from inside the receiver: what came before it has been handed on already.
  if (busy_) return;
  catch_up();
  now_ = now;
  busy_ = true;
  receiver_.finish(now, *this);
  busy_ = false;
}

void LiveLeg::on_audio(ByteView payload, WallTime at, std::uint32_t ticks) {
  const Codec& codec = receiver_.codec();
  const nanoseconds duration = duration_of(ticks, codec);
  const nanoseconds gap = heard_ ? at - heard_until_ : 0ns;
  if (gap >= limits::kHoldGap) on_hold_ += gap;
  heard_ = true;
  heard_until_ = at + duration;
  last_heard_ = now_.mono;
  if (packets_to_next_level_ == 0) {
    level_dbov_ = static_cast<std::int8_t>(assent::level_dbov(codec, payload).value_or(kUnmeasured));
    packets_to_next_level_ = kPacketsPerLevel;
  }
  --packets_to_next_level_;
  gate_.packet(payload, at, duration);
  if (listens_) hear_keys(payload, at, gap);
}

// The gate has the packet already: what a key turns concerns what comes after it.
void LiveLeg::hear_keys(ByteView payload, WallTime at, nanoseconds gap) {
  const HeardKeys keys = key_tones_->hear(receiver_.codec(), payload, gap);
  for (const char key : keys.all()) {
    if (!listens_) return;  // since the key before: it paused the call
    on_digit(key, at);
  }
}

void LiveLeg::listen() {
  if (!key_tones_ || listens_) return;
  catch_up();
  withheld_ = std::exchange(expected_, nullptr);
  listens_ = true;
}

void LiveLeg::stop_listening() {
  if (!listens_) return;
  key_tones_->forget();
  expected_ = std::exchange(withheld_, nullptr);
  listens_ = false;
}

void LiveLeg::give_up_listening() {
  stop_listening();
  key_tones_.reset();
}

void LiveLeg::on_digit(char digit, WallTime at) { listener_.leg_digit(identity_.index, digit, at, now_); }

void LiveLeg::on_codec_change(const Codec& codec) {
  gate_.set_codec(codec);
  if (key_tones_) key_tones_->forget();  // a press does not go on across a codec in which nothing is heard
}

void LiveLeg::on_bye(Now now) { listener_.leg_bye(identity_.index, now); }

void LiveLeg::begin_pause(Now now) {
  paused_since_ = now.mono;
  stop_listening();
}

void LiveLeg::end_pause(Now now) {
  listen();
  if (paused_since_) paused_ += now.mono - *paused_since_;
  paused_since_.reset();
}

Result<void> LiveLeg::change(const LegPayloads& payloads, const std::optional<Endpoint>& source, Now now) {
  if (!segments_.has_room_for(codecs_of(payloads))) {
    return error(Errc::exhausted,
                 "a leg has at most " + std::to_string(limits::kFormatsPerLeg) + " codecs in its time");
  }
  flush(now);
  if (auto agreed = receiver_.agree_on(payloads, *this); !agreed) return agreed;
  receiver_.pin(source);
  return {};
}

void LiveLeg::fall_silent(Now now) {
  flush(now);
  give_up_listening();
}

WallTime LiveLeg::media_time(Now now) {
  catch_up();
  return heard_ ? heard_until_ + (now.mono - last_heard_) : now.wall;
}

std::optional<MonoTime> LiveLeg::last_heard() {
  catch_up();
  if (!heard_) return std::nullopt;
  return last_heard_;
}

LegCounts LiveLeg::counts() {
  catch_up();
  const ReceiverCounts received = receiver_.counts();
  const LegGateCounts gated = gate_.counts();
  LegCounts counts;
  counts.received = received.packets;
  const AudioGaps::Sums& gaps = segments_.gaps().sums();
  counts.recorded = gated.recorded_packets - std::min(gated.recorded_packets, gaps.packets);
  counts.lost = received.lost - std::min(received.lost, received.restored) + gate_.starved_packets();
  counts.late = received.late;
  counts.duplicated = received.duplicated;
  counts.discarded = gated.discarded_packets;
  counts.foreign = received.foreign_source;
  for (const std::uint64_t flaw : received.malformed) counts.malformed += flaw;
  counts.malformed += received.malformed_payload + received.unknown_payload_type;
  if (srtp_) add_srtp_faults(srtp_->counts(), counts);
  counts.gap_blocks = gaps.blocks;
  counts.gap_packets = gaps.packets;
  counts.gap_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(gaps.time).count());
  counts.paused_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(paused_).count());
  return counts;
}

LegMetrics LiveLeg::metrics(Now now) {
  LegMetrics metrics;
  metrics.counts = counts();
  // The block being filled, too.
  const std::size_t held = gate_.most_held_blocks() + (metrics.counts.received == 0 ? 0 : 1);
  metrics.held_bytes = held * limits::kPageBytes;
  if (const auto talk = segments_.talk()) {
    metrics.talk = std::chrono::duration_cast<milliseconds>(talk->talk);
    metrics.quiet = std::chrono::duration_cast<milliseconds>(talk->quiet);
  }
  const nanoseconds silent = heard_ ? now.mono - last_heard_ : 0ns;
  const nanoseconds held_now = silent >= limits::kHoldGap ? silent : 0ns;
  metrics.hold = std::chrono::duration_cast<milliseconds>(on_hold_ + held_now);
  metrics.jitter_mean_us = receiver_.jitter().mean_ns() / 1000;
  metrics.jitter_most_us = receiver_.jitter().most_ns() / 1000;
  return metrics;
}

}  // namespace assent
