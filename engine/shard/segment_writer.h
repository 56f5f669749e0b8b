// SegmentWriter: gives a leg's admitted blocks their place: which segment, which frame.
//
// It owns the leg's open segment, opens the next one when time, codec or clock says so, and closes each with a final
// frame of counts. A segment is a header (frame 0), a Matroska head (frame 1), the admitted blocks, and the final
// frame; each travels as a block through the seal queue. Frame numbers are given once and in order, which is the
// writer's part in never encrypting two plaintexts under one (key, seq).
//
// Shard thread. Opening a segment draws a data key and wraps it (some 20 us), once a minute and leg.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "codecs/matroska/segment_head.h"
#include "crypto/secret.h"
#include "engine/seal/open_segment.h"
#include "engine/seal/seal_queue.h"
#include "engine/shard/audio_gap.h"
#include "engine/shard/leg_permits.h"
#include "engine/stages.h"

namespace assent {

// What a segment's encryption context names: opaque ids only, since it stays readable for ever.
struct SegmentOwner {
  TenantId tenant;
  CallId call;
  RecordingId recording;
  LegId leg;
};

struct SegmentOpened {
  SegmentId id;
  SegmentOwner owner;
  std::uint32_t number = 0;  // from 1 within the leg
  WallTime started;
  AudioUse use = AudioUse::recording;
};

// Who must know which segments exist: the settler. Called by the shard thread; must not block.
class SegmentObserver {
 public:
  virtual ~SegmentObserver() = default;
  virtual void segment_opened(const SegmentOpened& segment) = 0;
  virtual void segment_closed(SegmentId segment, WallTime ended) = 0;
};

class alignas(limits::kCacheLineBytes) SegmentWriter {
 public:
  struct Settings {
    nanoseconds segment_time = limits::kSegmentTimeDefault;
    // Admitted blocks that may wait to be sealed; beyond that one is lost, unless half of the arena is free.
    std::size_t queued_blocks = SIZE_MAX;
  };
  // Where the counts of the final frame come from: asked when a segment closes.
  using CountsSource = std::function<LegCounts()>;

  SegmentWriter(BlockPool& pool, SealQueue& queue, SegmentObserver& observer, LegPermits& permits, Settings settings);
  ~SegmentWriter();

  // Before the first block: whose audio this is and the key it is sealed under; no key when that has been destroyed.
  void set_owner(const SegmentOwner& owner, std::optional<SecretKey> leg_key, KeyId leg_key_id, CountsSource counts);
  // What the leg has from before a restart: its segments, and the highest number that one of them has.
  void go_on(std::vector<SegmentId> before, std::uint32_t last_number);
  bool has_key() const { return leg_key_.has_value(); }
  // What was sealed has been erased: nothing more can be sealed for this leg.
  void forget_key() { leg_key_.reset(); }

  // The consent record that the next segments name as their reason.
  void set_consent(ConsentId consent) { consent_ = consent; }
  // The number by which a block says that its packets are of this codec (BlockHead::codec_number). Blocks that waited
  // in the ring may be of another codec than what comes meanwhile, so each says its own.
  std::uint8_t number_of(const Codec& codec);
  // Whether all of these could be had besides those that have a number.
  bool has_room_for(const std::vector<Codec>& codecs) const;
  // When, on the leg's timeline, the open segment will have lasted its time; nothing when none is open.
  std::optional<WallTime> due() const {
    return open_ == nullptr ? std::nullopt : std::optional(start_ + settings_.segment_time);
  }
  // Ends the open segment; the next block opens another.
  void roll();

  enum class Arrival {
    fresh,
    held,  // from the ring: it has its place in the arena already, which none of the bounds takes away
  };
  // A block of another codec than the one before begins a new segment.
  // Whether there was a place for it. If not (as many blocks of this leg wait to be sealed as may; none was free for a
  // new segment's head) its audio is lost, and a gap. Another use than that of the block before begins a new segment.
  bool append(AdmittedBlock&& block, AudioUse use, Arrival arrival);
  // The same for what had not yet come to be admitted, though it was consented to.
  void lose(const Block& block);
  void lose_packet(WallTime at, nanoseconds duration) { gaps_.add({at, at + duration, 1, 0}); }
  // What was lost so far.
  const AudioGaps& gaps() const { return gaps_; }
  // What was sealed so far is talk and quiet; all of it once `is_drained`. Nothing when some of it was of a codec whose
  // talk is not measured (codecs/voice_activity.h).
  std::optional<TalkTime> talk() const { return talk_; }

  const std::vector<SegmentId>& segments() const { return segments_; }  // every one opened so far
  bool is_drained();  // closed, and no worker holds a block of any of its segments

  // Whether a closed segment still waits for a block for its final frame, because none was free. `reap` tries again.
  bool is_behind() const { return is_behind_; }
  // Gives closed segments their final frames, and destroys those that no worker will touch again.
  void reap();

 private:
  struct ClosedSegment {
    std::unique_ptr<OpenSegment> segment;
    std::uint32_t final_seq = 0;
    std::optional<LegCounts> counts;  // until they are in its final frame
  };

  bool open(WallTime start);
  bool may_queue() const;
  void push(BlockRef block, BlockKind kind, OpenSegment& segment, std::uint32_t seq);
  bool finish(ClosedSegment& closed);

  // What every block touches comes first, in a cache line's worth.
  BlockPool& pool_;
  SealQueue& queue_;
  std::unique_ptr<OpenSegment> open_;
  WallTime start_;
  WallTime end_;
  Settings settings_;
  std::uint32_t next_seq_ = 0;
  std::uint32_t last_number_ = 0;
  std::uint8_t codec_number_ = 0;       // of what is appended
  AudioUse use_ = AudioUse::recording;  // of what is appended
  bool is_behind_ = false;

  SegmentObserver& observer_;
  LegPermits& permits_;
  std::optional<SecretKey> leg_key_;
  std::vector<SegmentId> segments_;
  std::vector<ClosedSegment> closing_;  // with blocks still in the queue, or still to come
  CountsSource counts_;
  AudioGaps gaps_;
  std::optional<TalkTime> talk_ = TalkTime();
  std::vector<Codec> codecs_;  // by number
  KeyId leg_key_id_;
  ConsentId consent_;
  std::optional<SegmentOwner> owner_;
};

}  // namespace assent
