// Reads the plaintext of a sealed segment, one decrypted frame at a time: what ClusterWriter, write_head and write_tags
// wrote, and nothing else. It is strict about our own layout and safe on any bytes.
//
// It decides whether a frame is ours; it need not know how frames were encrypted or stored. Pure; it owns only a list
// of the current frame's packets, whose length is bounded by the frame's. One thread at a time. Errors: Errc::corrupt
// names the element, its offset in the frame and the frame's number (from 1); after an error the reader refuses further
// frames. Errc::unsupported: a codec this build does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "codecs/matroska/layout.h"
#include "codecs/matroska/segment_head.h"

namespace assent {

struct SegmentPacket {
  milliseconds at{};  // after the segment's start (SegmentHead::start)
  ByteView payload;   // points into the frame that was fed
};

class MatroskaReader {
 public:
  // The next frame, in order, at most limits::kFrameBytes. The first must be a head; a frame with Tags (or an empty
  // one) is the last. Returns the frame's packets in written order; they are valid while the frame's bytes are and
  // until the next call.
  Result<std::span<const SegmentPacket>> feed(ByteView frame);

  const std::optional<SegmentHead>& head() const { return head_; }    // after the first frame
  const std::optional<LegCounts>& counts() const { return counts_; }  // after the final frame
  bool is_finished() const { return finished_; }                      // the final frame was read

 private:
  Result<void> read_frame(ByteView frame);

  std::optional<SegmentHead> head_;
  std::optional<LegCounts> counts_;
  std::vector<SegmentPacket> packets_;
  std::uint32_t frames_ = 0;
  bool finished_ = false;
  bool failed_ = false;
};

}  // namespace assent
