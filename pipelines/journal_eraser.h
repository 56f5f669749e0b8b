// EngineJournalEraser: an erasure's view of the settlers and the journals of all shards: what is on its way is dropped,
// what lies there is punched out. Control threads; waits for the disk.
#pragma once

#include <utility>
#include <vector>

#include "engine/calls/shard_storage.h"
#include "engine/control/erasures.h"

namespace assent {

class EngineJournalEraser final : public JournalEraser {
 public:
  explicit EngineJournalEraser(std::vector<ShardStorage> shards) : shards_(std::move(shards)) {}
  Result<void> erase(RecordingId recording, std::span<const SegmentId> stored) override;

 private:
  static Result<void> erase_from(const ShardStorage& shard, RecordingId recording, std::span<const SegmentId> stored);

  std::vector<ShardStorage> shards_;
};

}  // namespace assent
