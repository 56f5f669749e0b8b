// OpenSegment: one segment while its blocks are being sealed: its sealer, its leg's permit, and how far it has come.
//
// Made by the shard when the first block of a segment is admitted; shared with the seal workers by reference until the
// last of its blocks has been sealed (`is_drained`), then destroyed by the shard. Its header is sealed like a block, as
// sequence number 0, so that the journal receives everything by one way.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/ids.h"
#include "codecs/codec.h"
#include "codecs/voice_activity.h"
#include "crypto/message.h"
#include "engine/seal/seal_permit.h"

namespace assent {

class OpenSegment {
 public:
  OpenSegment(SegmentId id, SegmentSealer sealer, SealPermit& permit, const Codec& codec)
      : id_(id), sealer_(std::move(sealer)), permit_(permit), codec_(codec) {}
  OpenSegment(const OpenSegment&) = delete;
  OpenSegment& operator=(const OpenSegment&) = delete;

  SegmentId id() const { return id_; }
  const SegmentSealer& sealer() const { return sealer_; }
  SealPermit& permit() const { return permit_; }
  const Codec& codec() const { return codec_; }

  // Shard: a block of this segment goes into the queue. Workers: it has left it, sealed.
  void count_queued() { queued_.fetch_add(1, std::memory_order_relaxed); }
  void count_sealed() { sealed_.fetch_add(1, std::memory_order_release); }
  // Workers: what a block that was sealed holds of talk. Shard, once it is drained: of all of them.
  void count_talk(const Talk& talk) {
    talk_ticks_.fetch_add(talk.talk_ticks, std::memory_order_relaxed);
    quiet_ticks_.fetch_add(talk.quiet_ticks, std::memory_order_relaxed);
  }
  Talk talk() const {
    return {talk_ticks_.load(std::memory_order_relaxed), quiet_ticks_.load(std::memory_order_relaxed)};
  }
  // Shard: blocks of it that no worker has sealed yet.
  std::uint32_t waiting() const {
    return queued_.load(std::memory_order_relaxed) - sealed_.load(std::memory_order_relaxed);
  }
  // Shard, after the final block was queued: whether no worker will touch this segment again.
  bool is_drained() const { return sealed_.load(std::memory_order_acquire) == queued_.load(std::memory_order_relaxed); }

 private:
  SegmentId id_;
  SegmentSealer sealer_;
  SealPermit& permit_;
  Codec codec_;
  std::atomic<std::uint32_t> queued_{0};  // written by the shard only
  std::atomic<std::uint32_t> sealed_{0};
  std::atomic<std::uint64_t> talk_ticks_{0};
  std::atomic<std::uint64_t> quiet_ticks_{0};
};

}  // namespace assent
