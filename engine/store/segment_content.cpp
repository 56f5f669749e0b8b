#include "engine/store/segment_content.h"

#include <algorithm>

#include "codecs/payload_format.h"
#include "crypto/wipe.h"

namespace assent {

SegmentContent::~SegmentContent() { wipe(head_frame_); }

Result<std::span<const ContentPacket>> SegmentContent::feed(std::uint32_t seq, ByteView frame) {
  if (seq != 1 && !head_)
    return error(Errc::not_found, "the segment's first frame, which names its codec, is not there");
  auto packets = reader_.feed(frame);
  if (!packets) {
    if (head_) start_again();
    return packets.error();
  }
  if (seq == 1) {
    head_ = reader_.head();
    head_frame_.assign(frame.begin(), frame.end());
  }
  counts_ = reader_.counts();

  current_.clear();
  for (const SegmentPacket& packet : *packets) {
    const WallTime at = std::chrono::floor<milliseconds>(head_->start) + packet.at;
    const auto ticks = std::int64_t{ticks_of(head_->codec, packet.payload).value_or(0)};
    const WallTime end = at + nanoseconds(ticks * std::nano::den / std::int64_t{head_->codec.clock_rate});
    current_.push_back({at, end, packet.payload});
    first_time_ = first_time_ ? std::min(*first_time_, at) : at;
    end_time_ = end_time_ ? std::max(*end_time_, end) : end;
  }
  packets_ += current_.size();
  return std::span<const ContentPacket>(current_);
}

void SegmentContent::start_again() {
  reader_ = MatroskaReader();
  // It was read before.
  ASSENT_CHECK(reader_.feed(head_frame_).has_value());
}

}  // namespace assent
