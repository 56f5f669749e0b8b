// Erasures: deleting a recording for good, step by step, each on record before the next.
//
//   1 one transaction: the erasure is on record, the leg keys and the call's key are gone, the recording is `erased`
//   2 opened copies of the keys dropped, streams being played cut, the catalog's files made to forget, the rows looked
//   for 3 what lies in the journal punched out, so that nothing more can be settled 4 every object of the call removed
//   from the store, and looked for again 5 one transaction: the segments' rows gone, the erasure `done`, on the ledger
//
// From 1 on nobody can hear the recording; `done` says that its bytes are gone, too. A step that fails leaves the
// erasure open: it is taken up again by `resume` at start and by the next `erase` of the recording. Every step may run
// twice.
//
// While a legal hold covers the recording the erasure waits, on record, before step 1 (hold_queue.h).
//
// Any thread; one erasure of a recording at a time, a second caller gets Errc::conflict. Errors of erase:
// Errc::not_found (no such recording, or erased already), Errc::conflict (the call is live), and those of the catalog
// before step 1 took effect; after it, what went wrong stands in ErasureView::trouble. Where processors were told of
// it, 5 is booked by who hears the last of them confirm (erasure_record.h): until then it is neither done nor in
// trouble.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/destroyed.h"
#include "engine/catalog/key_ring.h"
#include "engine/control/call_service.h"
#include "engine/control/erasure_steps.h"
#include "engine/control/hold_queue.h"
#include "engine/store/segment_store.h"

namespace assent {

// The journal and what settles it, as an erasure needs them.
class JournalEraser {
 public:
  virtual ~JournalEraser() = default;
  // Waits. On success no page of the recording lies in the journal, neither of the stored segments named here nor of
  // any other, and none of it will be stored from there.
  virtual Result<void> erase(RecordingId recording, std::span<const SegmentId> stored) = 0;
};

struct ErasureParts {  // outlive the erasures
  Catalog& catalog;
  CatalogWriter& writer;
  KeyRing& keys;
  SegmentStore& store;
  JournalEraser& journal;
  HoldQueue& held;  // what a hold forbids waits there
  std::function<void(RecordingId)> cut_streams;
  std::function<Now()> clock = read_clocks;
};

class Erasures {
 public:
  explicit Erasures(ErasureParts parts) : parts_(std::move(parts)) {}

  Result<ErasureView> erase_recording(RecordingId id, const Caller& caller);
  // Whose time is over. What a hold covers stays, and nothing waits for its end. Errc::conflict: that, or as above.
  Result<ErasureView> erase_due(RecordingId id, const Caller& caller);
  // No hold forbids one that waited any more. Errc::conflict: one does.
  Result<ErasureView> begin_held(ErasureRow row);
  Result<ErasureView> show(ErasureId id);
  // At start, before calls are taken: goes on with what was not done. Returns those that still are not.
  Result<std::vector<ErasureView>> resume();

 private:
  class Turn;
  struct Target {
    RecordingRow recording;
    CallRow call;
    std::vector<LegRow> legs;
    std::vector<SegmentRow> segments;
  };

  Result<std::optional<ErasureRow>> unfinished(RecordingId id);
  Result<Target> load(RecordingId id);
  Result<Destroyed> contents_of(const Target& target);
  ErasureRow new_erasure(RecordingId id);
  Result<ErasureView> begin(const Target& target, ErasureRow row, const Caller& caller);
  Result<ErasureRow> destroy_keys(const Target& target, ErasureRow row, const Caller& caller);
  Result<void> finish(RecordingId id, ErasureRow& row);
  Result<void> forget_keys(const Target& target, ErasureRow& row);
  Result<void> clear_journal(const Target& target, ErasureRow& row);
  Result<std::set<std::string>> objects_of(const Target& target);
  Result<std::size_t> remove_objects(const Target& target, ErasureRow& row);
  Result<void> close(const Target& target, std::size_t objects, ErasureRow& row);
  Result<void> note_step(ErasureRow& row, std::string_view step, std::string_view what);
  ErasureView carry_out(RecordingId id, ErasureRow row);

  ErasureParts parts_;
  std::mutex mutex_;  // guards what follows
  std::set<RecordingId> under_way_;
};

}  // namespace assent
