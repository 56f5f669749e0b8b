// EngineJournalEraser: an erasure's view of the settler and the journal: what is on its way is dropped, what lies there
// is punched out. Control threads; waits for the disk.
#pragma once

#include "engine/control/erasures.h"
#include "engine/journal/journal_writer.h"
#include "engine/store/settler.h"

namespace assent {

class EngineJournalEraser final : public JournalEraser {
 public:
  EngineJournalEraser(Settler& settler, JournalWriter& journal) : settler_(settler), journal_(journal) {}
  Result<void> erase(RecordingId recording, std::span<const SegmentId> stored) override;

 private:
  Settler& settler_;
  JournalWriter& journal_;
};

}  // namespace assent
