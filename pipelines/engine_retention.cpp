#include "pipelines/engine_retention.h"

#include <utility>

namespace assent {
namespace {

const Caller kRetention{"retention"};

// All of it gone, or why not.
Result<void> erase(Erasures& erasures, RecordingId id) {
  auto erasure = erasures.erase_due(id, kRetention);
  // One whose keys are gone already, and no more than that.
  if (!erasure && erasure.error().code == Errc::not_found) erasure = erasures.erase_recording(id, kRetention);
  if (!erasure) return erasure.error();
  if (erasure->done) return {};
  return error(Errc::unavailable, erasure->trouble.value_or("a step failed"));
}

}  // namespace

EngineRetention::EngineRetention(HeldErasures::Parts held, StandingConsents& standing)
    : held_(held),
      thread_({held.catalog, held.writer, [&erasures = held.recordings](RecordingId id) { return erase(erasures, id); },
               [this] { return held_.begin_free(); }, held.report}),
      holds_({held.catalog, held.writer, standing, [this] { thread_.look_again(); }}) {}

}  // namespace assent
