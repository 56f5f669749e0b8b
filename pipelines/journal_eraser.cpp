#include "pipelines/journal_eraser.h"

#include <chrono>
#include <utility>

#include "base/answer.h"

namespace assent {
namespace {

constexpr std::chrono::seconds kPatience(30);

Error too_slow(const char* what) {
  return error(Errc::unavailable,
               std::string(what) + " takes longer than it should: the erasure goes on at the next start");
}

}  // namespace

Result<void> EngineJournalEraser::erase(RecordingId recording, std::span<const SegmentId> stored) {
  for (const ShardStorage& shard : shards_) {
    if (auto erased = erase_from(shard, recording, stored); !erased) return erased;
  }
  return {};
}

Result<void> EngineJournalEraser::erase_from(const ShardStorage& shard, RecordingId recording,
                                             std::span<const SegmentId> stored) {
  auto segments = await_answer<std::vector<SegmentId>>(
      [&](auto answer) { shard.settler.drop(recording, std::move(answer)); }, kPatience);
  if (!segments) return too_slow("dropping what was not stored yet");

  segments->insert(segments->end(), stored.begin(), stored.end());
  for (const SegmentId segment : *segments) {
    const auto result =
        await_answer<Result<void>>([&](auto answer) { shard.journal.punch(segment, std::move(answer)); }, kPatience);
    if (!result) return too_slow("punching the journal");
    if (!*result) return *result;
  }
  return {};
}

}  // namespace assent
