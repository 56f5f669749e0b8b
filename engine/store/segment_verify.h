// Verifying one stored segment: everything that is wrong with it, with its place, and what it holds.
//
// With the leg key both layers are checked, the sealed message (every tag, order, final frame, end) and the Matroska in
// it; without keys only what stands in clear text: the header's shape, the frames' numbers and places, the end. Damage
// of one frame does not hide the next. Reads only; decrypts into one frame of memory that is wiped. Any thread.
// Errc::io and such only when the object cannot be read; damage is in the report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "codecs/matroska/segment_head.h"
#include "engine/store/leg_keys.h"
#include "engine/store/object_bytes.h"
#include "engine/store/segment_context.h"

namespace assent {

struct SegmentDamage {
  std::string kind;          // name_of(FaultKind), or "content" (Matroska) or "context" (ids that disagree)
  std::uint64_t offset = 0;  // bytes from the start of the object
  std::uint32_t frame = 0;   // from 1; 0: the header
  std::string what;          // one sentence
};

struct SegmentReport {
  std::vector<SegmentDamage> damages;
  std::uint64_t size_bytes = 0;
  std::optional<KeyId> leg_key;             // that the header names
  std::optional<SegmentIdentity> identity;  // from the context
  std::uint32_t frames = 0;                 // that verified; without keys: that stand where they belong
  bool has_final = false;
  // With the leg key only:
  bool verified = false;  // that was with the key
  std::uint64_t packets = 0;
  std::optional<WallTime> first_time;  // of the first packet
  std::optional<WallTime> end_time;    // after the last packet
  std::optional<SegmentHead> head;
  std::optional<LegCounts> counts;

  bool is_good() const { return damages.empty() && has_final; }
};

Result<SegmentReport> verify_segment(ObjectBytes& object, const LegKeys& keys);
Result<SegmentReport> verify_segment_without_keys(ObjectBytes& object);

}  // namespace assent
