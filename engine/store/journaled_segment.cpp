#include "engine/store/journaled_segment.h"

#include <algorithm>
#include <utility>

#include "crypto/message_reader.h"

namespace assent {
namespace {

constexpr std::size_t kFinalLengthAt = 4 + 4 + 12;  // behind mark, number and IV

}  // namespace

void JournaledSegment::add(const DurablePage& page) {
  if (page.kind() == PageKind::header) {
    header_ = page.place();
    return;
  }
  frames_[page.seq().value] = page.place();
  if (page.kind() == PageKind::final) final_seq_ = page.seq().value;
}

bool JournaledSegment::is_complete() const {
  return header_ && final_seq_ != 0 && frames_.size() == final_seq_ && frames_.rbegin()->first == final_seq_;
}

Result<std::size_t> final_frame_bytes(PageView page) {
  const std::uint64_t plain_bytes = load_be32(page.data() + kFinalLengthAt);
  if (load_be32(page.data()) != kFinalFrameMark || plain_bytes > limits::kFinalFrameBytes) {
    return error(Errc::corrupt, "the segment's last page is not a final frame");
  }
  return static_cast<std::size_t>(plain_bytes) + limits::kFinalFrameOverhead;
}

Result<JournaledObject> JournaledObject::open(const JournaledSegment& segment, JournalReader& reader) {
  ASSENT_CHECK(segment.is_complete());
  JournaledObject object(segment, reader);
  if (auto got = reader.read(*segment.header(), object.page_); !got) return got.error();
  auto header = parse_header(object.page_);
  if (!header) return to_error(header.error());
  if (header->frame_bytes != limits::kFrameBytes) return error(Errc::corrupt, "the segment's frames are not pages");
  const ByteView header_bytes = ByteView(object.page_).first(header->bytes());
  object.header_.assign(header_bytes.begin(), header_bytes.end());

  if (auto got = reader.read(segment.frames().at(segment.final_seq()), object.page_); !got) return got.error();
  auto final_bytes = final_frame_bytes(object.page_);
  if (!final_bytes) return final_bytes.error();
  object.final_bytes_ = *final_bytes;
  object.loaded_seq_ = segment.final_seq();
  object.size_bytes_ =
      object.header_.size() + std::uint64_t{segment.final_seq() - 1} * limits::kPageBytes + object.final_bytes_;
  return object;
}

Result<std::size_t> JournaledObject::read_at(std::uint64_t offset_bytes, ByteSpan to) {
  std::size_t done = 0;
  while (done < to.size() && offset_bytes + done < size_bytes_) {
    const std::uint64_t at = offset_bytes + done;
    ByteView from;
    if (at < header_.size()) {
      from = ByteView(header_).subspan(static_cast<std::size_t>(at));
    } else {
      const std::uint64_t in_frames = at - header_.size();
      const auto seq = static_cast<std::uint32_t>(in_frames / limits::kPageBytes) + 1;
      if (loaded_seq_ != seq) {
        loaded_seq_ = 0;
        if (auto got = reader_->read(segment_->frames().at(seq), page_); !got) return got.error();
        loaded_seq_ = seq;
      }
      const std::size_t frame_bytes = seq == segment_->final_seq() ? final_bytes_ : limits::kPageBytes;
      from = ByteView(page_).first(frame_bytes).subspan(static_cast<std::size_t>(in_frames % limits::kPageBytes));
    }
    const std::size_t length = std::min(from.size(), to.size() - done);
    std::copy_n(from.begin(), length, to.begin() + static_cast<std::ptrdiff_t>(done));
    done += length;
  }
  return done;
}

}  // namespace assent
