// SegmentContent: the Matroska layer of one segment as its verified frames come, with frames missing among them.
//
// It finds each packet's time on the wall clock and counts what there is. After a frame it cannot read it goes on with
// the next one, as if the frame had been missing. Without the first frame nothing can be read: it says what the codec
// is and when the segment started. Pure. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "codecs/matroska/reader.h"

namespace assent {

struct ContentPacket {
  WallTime at;
  WallTime end;
  ByteView payload;  // points into the frame
};

class SegmentContent {
 public:
  ~SegmentContent();
  SegmentContent() = default;
  SegmentContent(const SegmentContent&) = delete;
  SegmentContent& operator=(const SegmentContent&) = delete;

  // The packets of a frame; frames come in order, those that did not verify are left out. They are valid while the
  // frame's bytes are and until the next call. Errc::not_found: the first frame was not there; Errc::corrupt.
  Result<std::span<const ContentPacket>> feed(std::uint32_t seq, ByteView frame);

  const std::optional<SegmentHead>& head() const { return head_; }
  const std::optional<LegCounts>& counts() const { return counts_; }
  std::uint64_t packets() const { return packets_; }
  const std::optional<WallTime>& first_time() const { return first_time_; }
  const std::optional<WallTime>& end_time() const { return end_time_; }

 private:
  void start_again();

  MatroskaReader reader_;
  Bytes head_frame_;  // kept, and wiped at the end, to start a reader again behind a frame that cannot be read
  std::optional<SegmentHead> head_;
  std::optional<LegCounts> counts_;
  std::vector<ContentPacket> current_;
  std::uint64_t packets_ = 0;
  std::optional<WallTime> first_time_;
  std::optional<WallTime> end_time_;
};

}  // namespace assent
