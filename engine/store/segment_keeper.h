// SegmentKeeper: brings one segment from the journal into the store, whole or rebuilt, and says what to book.
//
// It is what the settler (for a segment a failed sync touched) and salvage (for everything a crash left) have in
// common: every frame is verified with the leg key; a segment that is whole is stored as it is; of one that is not,
// what verifies is rebuilt. It can be repeated after any interruption: an object that is there already under the
// segment's name, and verifies as that segment or as its rebuilt form, is taken as it is; one that does not verify is
// replaced.
//
// One thread at a time. An error means: try again (the store, the journal or the keys failed); that nothing could be
// kept is a fate, not an error.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "engine/catalog/catalog.h"
#include "engine/store/journaled_segment.h"
#include "engine/store/leg_keys.h"
#include "engine/store/segment_rebuild.h"
#include "engine/store/segment_store.h"

namespace assent {

enum class SegmentFate {
  whole,    // every frame verified
  rebuilt,  // what verified was copied into a new segment
  lost,     // nothing verifies
  erased,   // its leg key is destroyed
};

struct KeptSegment {
  SegmentFate fate = SegmentFate::lost;
  std::optional<SegmentRow> row;  // to book, when something was kept
  Bytes object;                   // of a rebuilt segment
  std::uint32_t frames_lost = 0;  // as far as is known: what came after the last page is not
  bool had_final = false;         // its last frame was there: nothing came after it
};

class SegmentKeeper {
 public:
  using LegCodec = std::function<std::optional<Codec>(LegId)>;

  // All outlive the keeper. `leg_codec` may be empty.
  SegmentKeeper(SegmentStore& store, JournalReader& reader, LegKeys keys, LegCodec leg_codec);

  // Whose audio the segment is, from its header in the journal; Errc::corrupt when that is missing or makes no sense,
  // which means that the segment is lost.
  Result<SegmentIdentity> identify(SegmentId segment, const JournaledSegment& pages);

  Result<KeptSegment> keep(const SegmentIdentity& identity, const JournaledSegment& pages);
  // The row of an object that is stored already, if it verifies as a whole; nothing if not.
  Result<std::optional<SegmentRow>> recognise(const std::string& name);

 private:
  Result<KeptSegment> examine(const SegmentIdentity& identity, const JournaledSegment& pages);
  Result<KeptSegment> verify_whole(const FrameOpener& opener, const SegmentIdentity& identity,
                                   const JournaledSegment& pages);
  Result<KeptSegment> keep_whole(KeptSegment kept, const SegmentIdentity& identity, const JournaledSegment& pages);
  Result<KeptSegment> rebuild(const SegmentIdentity& identity, const JournaledSegment& pages,
                              const OpenedHeader& header);
  Result<SegmentRow> put_or_adopt(SegmentRow row, const SegmentIdentity& identity, ObjectBytes& content);

  SegmentStore& store_;
  JournalReader& reader_;
  LegKeys keys_;
  LegCodec leg_codec_;
};

}  // namespace assent
