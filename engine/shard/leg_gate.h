// LegGate: carries out what CallConsent decided, on the blocks of one leg.
//
// It owns the leg's filler and ring. Every packet of the leg passes here: by the gate's state it is discarded, or
// copied into the block being filled; every block that fills is held in the ring, or admitted. It is the only maker of
// AdmittedBlock. The turns of a gate arrive as GateTurn and are executed in the order that engine/consent/gate.h
// prescribes. Packets that came as expected were put in the room that the gate named for them (`room_for`), and are
// told of by `passed` before the gate is asked for anything else.
//
// A turn concerns what has passed here before it. Whoever executes one first hands on what waits in the reorder window.
//
// Shard thread; no allocation but for the ring's slots at construction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "engine/consent/gate.h"
#include "engine/consent/hold_ring.h"
#include "engine/shard/block_filler.h"
#include "engine/shard/leg_permits.h"
#include "engine/shard/segment_writer.h"

namespace assent {

struct LegGateCounts {
  std::uint64_t recorded_packets = 0;   // went into blocks that were admitted or are held, or are in a gap
  std::uint64_t discarded_packets = 0;  // stopped at a closed or paused gate
  std::uint64_t wiped_blocks = 0;       // held, and never admitted
  std::uint64_t admitted_blocks = 0;

  LegGateCounts& operator+=(const LegGateCounts& more);
};

class alignas(limits::kCacheLineBytes) LegGate {
 public:
  static constexpr std::size_t kHotLines = 1;

  struct Settings {
    nanoseconds hold = limits::kHoldDefault;
    nanoseconds max_delay = limits::kMaxDelayDefault;
    std::size_t ring_blocks = 0;
  };
  LegGate(BlockPool& pool, SegmentWriter& segments, LegPermits& permits, Settings settings);

  // One packet in media order: its payload, the time of its first sample, how long it lasts.
  void packet(ByteView payload, WallTime at, nanoseconds duration);

  // `media` is where the leg's own timeline stands at the turn.
  void turn(const GateTurn& turn, WallTime media);

  // Time has passed: wipe what `hold` no longer covers, hand on a part-filled block that has waited long enough. How
  // soon it wants the next tick, unless a turn comes first.
  nanoseconds tick(WallTime now);

  // While it waits for consent it holds no more than `most` from now on, nor more than it was made for; what is older
  // goes with the next tick.
  void limit_hold(nanoseconds most) { hold_ = std::min(settings_.hold, most); }

  std::size_t ring_blocks() const { return settings_.ring_blocks; }

  // The payloads that follow are of another codec: what is being filled is closed. A new segment begins with them when
  // their turn comes, which for blocks that wait in the ring is later.
  void set_codec(const Codec& codec);

  Admission admission() const { return admission_; }
  // The clock was set, or the machine slept: no segment goes on across that.
  void roll();

  // Where packets of one size that follow each other would go by `packet`, the first at `at`; nowhere while the gate
  // discards them.
  ExpectedRoom room_for(std::size_t payload_bytes, WallTime at) const;
  // So many of them have been put there since, and no turn has come between; `end` is when the last one ended.
  void passed(std::size_t packets, std::size_t payload_bytes, WallTime end);

  // Of what it holds: what is going to be recording, and what is evidence only (engine/consent/audio_use.h).
  nanoseconds held() const { return ring_.span() - ring_.evidence_span(); }
  nanoseconds held_evidence() const { return ring_.evidence_span(); }
  std::size_t held_blocks() const { return ring_.size(); }
  std::size_t most_held_blocks() const { return most_held_blocks_; }  // at any time so far
  LegGateCounts counts() const;
  std::uint64_t starved_packets() const { return starved_packets_; }  // no block was free for them

 private:
  nanoseconds patience() const;
  void discard(WallTime at, nanoseconds duration);
  void settle(std::optional<HeldBlock> block);  // a closed block goes where the gate's state sends it
  void admit(HeldBlock block, AudioUse use, SegmentWriter::Arrival arrival);
  AudioUse use_of(WallTime first) const;  // of a block that begins then
  void cut_at_turn(const GateTurn& turn);
  void apply(const RingAction& action, WallTime at);

  // What every packet touches comes first: kHotLines.
  BlockFiller filler_;
  std::uint64_t recorded_packets_ = 0;  // of counts_ ...
  Admission admission_ = Admission::hold;
  Gate gate_ = Gate::holding;
  ConsentEpoch epoch_{1};

  LegGateCounts counts_;  // ... which has the rest
  std::uint64_t starved_packets_ = 0;
  std::size_t most_held_blocks_ = 0;
  SegmentWriter& segments_;
  LegPermits& permits_;
  Settings settings_;
  nanoseconds hold_;                        // of the settings, or less under overload
  std::optional<WallTime> evidence_until_;  // what begins before that is evidence, too
  HoldRing<HeldBlock> ring_;
};

}  // namespace assent
