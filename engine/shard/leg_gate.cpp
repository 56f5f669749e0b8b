#include "engine/shard/leg_gate.h"

#include <algorithm>
#include <utility>

namespace assent {

LegGateCounts& LegGateCounts::operator+=(const LegGateCounts& more) {
  recorded_packets += more.recorded_packets;
  discarded_packets += more.discarded_packets;
  wiped_blocks += more.wiped_blocks;
  admitted_blocks += more.admitted_blocks;
  return *this;
}

LegGate::LegGate(BlockPool& pool, SegmentWriter& segments, LegPermits& permits, Settings settings)
    : filler_(pool),
      segments_(segments),
      permits_(permits),
      settings_(settings),
      hold_(settings.hold),
      ring_(settings.ring_blocks) {}

void LegGate::packet(ByteView payload, WallTime at, nanoseconds duration) {
  if (admission_ == Admission::discard) return discard(at, duration);
  auto closed = filler_.add(payload, at, duration);
  ++(filler_.is_empty() ? starved_packets_ : recorded_packets_);
  if (closed) settle(std::move(closed));
}

// What is suspended was consented to, and is missing.
void LegGate::discard(WallTime at, nanoseconds duration) {
  if (gate_ != Gate::suspended) {
    ++counts_.discarded_packets;
    return;
  }
  ++recorded_packets_;
  segments_.lose_packet(at, duration);
}

ExpectedRoom LegGate::room_for(std::size_t payload_bytes, WallTime at) const {
  return admission_ == Admission::discard ? ExpectedRoom() : filler_.room_for(payload_bytes, at);
}

void LegGate::passed(std::size_t packets, std::size_t payload_bytes, WallTime end) {
  filler_.filled(packets, payload_bytes, end);
  recorded_packets_ += packets;
}

void LegGate::settle(std::optional<HeldBlock> block) {
  if (!block) return;
  switch (admission_) {
    case Admission::hold: {
      // Consent is decided and not yet on record, for longer than the ring has room: what is held first stays.
      if (gate_ == Gate::opening && ring_.size() == ring_.capacity()) return segments_.lose(*block->block_);
      const WallTime first = block->first_time();
      const WallTime end = block->end_time();
      ring_.push(std::move(*block), first, end, use_of(first));
      most_held_blocks_ = std::max(most_held_blocks_, ring_.size());
      return;
    }
    case Admission::admit: {
      const AudioUse use = use_of(block->first_time());
      return admit(std::move(*block), use, SegmentWriter::Arrival::fresh);
    }
    case Admission::discard: return;  // wiped as it goes
  }
}

AudioUse LegGate::use_of(WallTime first) const {
  return evidence_until_ && first < *evidence_until_ ? AudioUse::both : AudioUse::recording;
}

void LegGate::admit(HeldBlock held, AudioUse use, SegmentWriter::Arrival arrival) {
  AdmittedBlock admitted(std::move(held.block_), nullptr);
  admitted.block_->head.consent_epoch = epoch_.value;
  if (segments_.append(std::move(admitted), use, arrival)) ++counts_.admitted_blocks;
}

void LegGate::turn(const GateTurn& turn, WallTime media) {
  cut_at_turn(turn);
  apply(turn.ring, media);
  epoch_ = turn.epoch;
  const bool admits = turn.to == Gate::open || turn.to == Gate::paused;
  while (admits) {
    auto held = ring_.pop_front();
    if (!held) break;
    admit(std::move(held->block), held->use, SegmentWriter::Arrival::held);
  }
  permits_.publish(turn.valid_from.value, turn.answer_valid_from.value);

  gate_ = turn.to;
  admission_ = turn.after;
  if (admission_ != Admission::hold) ring_.release();
  if (gate_ != Gate::closed) return;
  evidence_until_.reset();
  segments_.roll();
}

void LegGate::cut_at_turn(const GateTurn& turn) {
  if (turn.before == Admission::admit && turn.queued == QueuedAudio::drop) return filler_.discard();
  settle(filler_.cut());
}

void LegGate::apply(const RingAction& action, WallTime at) {
  if (action.answer == RingAction::Answer::keep) {
    const WallTime recording_from = action.kind == RingAction::Kind::keep_all    ? WallTime::min()
                                    : action.kind == RingAction::Kind::keep_last ? at - action.keep
                                                                                 : WallTime::max();
    evidence_until_ = at + action.around;
    return ring_.sort_out(recording_from, at - action.around);
  }
  if (action.answer == RingAction::Answer::drop) {
    evidence_until_.reset();
    ring_.drop_evidence();
  }
  switch (action.kind) {
    case RingAction::Kind::leave:
    case RingAction::Kind::keep_all: return;
    case RingAction::Kind::keep_last: return ring_.keep_last(action.keep, at);
    case RingAction::Kind::wipe: return ring_.clear();
  }
}

// While audio is held, a part-filled block is closed too: packets may be rare, and what is old must age.
nanoseconds LegGate::patience() const {
  return admission_ == Admission::admit ? settings_.max_delay : nanoseconds(limits::kHeldBlockSpan);
}

nanoseconds LegGate::tick(WallTime now) {
  if (gate_ == Gate::holding) ring_.drop_older_than(now - hold_);
  if (!filler_.is_empty() && now - filler_.first_time() >= patience()) settle(filler_.cut());

  // A block that begins with the very next packet is not due before that.
  nanoseconds next = patience();
  if (!filler_.is_empty()) next = std::min(next, filler_.first_time() + patience() - now);
  const auto ages = gate_ == Gate::holding ? ring_.ages_at(hold_) : std::nullopt;
  if (ages) next = std::min(next, *ages - now);
  return next;
}

void LegGate::set_codec(const Codec& codec) {
  settle(filler_.cut());
  filler_.set_codec(segments_.number_of(codec));
}

void LegGate::roll() {
  settle(filler_.cut());
  segments_.roll();
}

LegGateCounts LegGate::counts() const {
  LegGateCounts counts = counts_;
  counts.recorded_packets += recorded_packets_;
  const HoldRingCounts& ring = ring_.counts();
  counts.wiped_blocks = ring.displaced + ring.aged + ring.cleared;
  return counts;
}

}  // namespace assent
