// Rebuilding a torn segment: what of its frames verifies is copied into a new segment.
//
// The new one has a new id, a new data key and a final frame that says RECOVERED; the torn one is never continued.
// Frames keep their numbers, since the times in them count from the segment's start: a frame that is missing or does
// not verify becomes a frame of nothing (Void) and is counted as lost. A missing first frame is written anew: a
// segment's id carries its start, the catalog knows the leg's codec. Counts of the torn segment are kept when its own
// final frame verifies.
//
// Decrypted audio passes through one frame of memory that is wiped afterwards. Pure but for the pages it asks for. One
// thread. Errors: Errc::exhausted (no memory for a key), Errc::not_found (nothing of the segment verifies: nothing to
// keep).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/time.h"
#include "codecs/codec.h"
#include "crypto/message_reader.h"
#include "engine/journal/journal_format.h"
#include "engine/store/segment_context.h"

namespace assent {

struct TornSegment {
  const FrameOpener& opener;  // of its header, whose frames are pages
  SegmentIdentity identity;
  const SecretKey& leg_key;
  KeyId leg_key_id;
  std::optional<Codec> codec;  // for a missing first frame
  std::uint32_t last_seq = 0;  // highest frame of which a page is there
  // Reads the page of a frame; false when there is none.
  std::function<Result<bool>(std::uint32_t seq, PageSpan page)> page;
};

struct RebuiltSegment {
  SegmentId segment;
  Bytes object;  // ciphertext
  std::uint32_t frames = 0;
  std::uint32_t frames_lost = 0;  // within it; what came after its last frame is unknown
  std::uint64_t packets = 0;
  WallTime started;
  WallTime ended;
  bool had_final = false;  // the torn one's last frame was there: nothing came after it
};

// When a segment's audio starts, as its id (a UUIDv7) says.
WallTime start_of(SegmentId segment);

Result<RebuiltSegment> rebuild_segment(const TornSegment& torn);

}  // namespace assent
