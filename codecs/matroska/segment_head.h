// What a segment says about itself: at its start (SegmentHead) and at its end (LegCounts). Plain values that the writer
// puts into Matroska and the reader takes out again.
//
// Nothing in them is about a person: ids are opaque, counts are counts. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "codecs/codec.h"

namespace assent {

struct SegmentHead {
  SegmentId segment;  // SegmentUUID
  LegId leg;          // Title, as text
  WallTime start;  // DateUTC; rounded down to whole milliseconds when written: the origin of every time in the segment
  Codec codec;
  std::string muxing_app = "assent";  // at most kAppNameBytes each
  std::string writing_app = "assent";

  bool operator==(const SegmentHead&) const = default;
};

inline constexpr std::size_t kAppNameBytes = 64;

// What became of a leg's packets while the segment was open. Packets unless the name says otherwise.
struct LegCounts {
  std::uint64_t received = 0;    // arrived from the leg's source and were RTP
  std::uint64_t recorded = 0;    // are in this segment
  std::uint64_t lost = 0;        // never arrived: holes in the sequence numbers
  std::uint64_t late = 0;        // arrived after their place had been given up
  std::uint64_t duplicated = 0;  // arrived again
  std::uint64_t discarded = 0;   // stopped by the gate
  std::uint64_t foreign = 0;     // came from a source that is not the leg's
  std::uint64_t malformed = 0;   // were not RTP, or not of the leg's codec
  std::uint64_t gap_blocks = 0;  // blocks of consented audio that could not be sealed in time, and are lost
  std::uint64_t gap_packets = 0;
  std::uint64_t gap_ms = 0;     // milliseconds of audio in them
  std::uint64_t paused_ms = 0;  // milliseconds of pause
  std::uint64_t recovered = 0;  // 1 when the segment was salvaged from a torn one, whose own counts are lost

  bool operator==(const LegCounts&) const = default;
};

// The SimpleTag name of each count, in the order they are written.
struct LegCountTag {
  std::string_view name;
  std::uint64_t LegCounts::*count;
};
inline constexpr std::array<LegCountTag, 13> kLegCountTags = {{
    {"PACKETS_RECEIVED", &LegCounts::received},
    {"PACKETS_RECORDED", &LegCounts::recorded},
    {"PACKETS_LOST", &LegCounts::lost},
    {"PACKETS_LATE", &LegCounts::late},
    {"PACKETS_DUPLICATED", &LegCounts::duplicated},
    {"PACKETS_DISCARDED_BY_GATE", &LegCounts::discarded},
    {"PACKETS_FOREIGN", &LegCounts::foreign},
    {"PACKETS_MALFORMED", &LegCounts::malformed},
    {"GAP_BLOCKS", &LegCounts::gap_blocks},
    {"GAP_PACKETS", &LegCounts::gap_packets},
    {"GAP_MS", &LegCounts::gap_ms},
    {"PAUSED_MS", &LegCounts::paused_ms},
    {"RECOVERED", &LegCounts::recovered},
}};

}  // namespace assent
