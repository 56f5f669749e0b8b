#include "engine/shard/segment_writer.h"

#include <algorithm>

#include "codecs/matroska/block_writer.h"
#include "engine/store/segment_context.h"

namespace assent {

SegmentWriter::SegmentWriter(BlockPool& pool, SealQueue& queue, SegmentObserver& observer, LegPermits& permits,
                             Settings settings)
    : pool_(pool), queue_(queue), settings_(settings), observer_(observer), permits_(permits) {}

SegmentWriter::~SegmentWriter() {
  ASSENT_CHECK(open_ == nullptr);
  reap();
  ASSENT_CHECK(closing_.empty());
}

void SegmentWriter::set_owner(const SegmentOwner& owner, std::optional<SecretKey> leg_key, KeyId leg_key_id,
                              CountsSource counts) {
  owner_ = owner;
  leg_key_ = std::move(leg_key);
  leg_key_id_ = leg_key_id;
  counts_ = std::move(counts);
}

void SegmentWriter::go_on(std::vector<SegmentId> before, std::uint32_t last_number) {
  ASSENT_CHECK(segments_.empty() && open_ == nullptr);
  segments_ = std::move(before);
  last_number_ = last_number;
}

bool SegmentWriter::has_room_for(const std::vector<Codec>& codecs) const {
  std::vector<Codec> all = codecs_;
  for (const Codec& codec : codecs) {
    if (std::find(all.begin(), all.end(), codec) == all.end()) all.push_back(codec);
  }
  return all.size() <= limits::kFormatsPerLeg;
}

std::uint8_t SegmentWriter::number_of(const Codec& codec) {
  const auto known = std::find(codecs_.begin(), codecs_.end(), codec);
  if (known != codecs_.end()) return static_cast<std::uint8_t>(known - codecs_.begin());
  ASSENT_CHECK(codecs_.size() < limits::kFormatsPerLeg);
  codecs_.push_back(codec);
  return static_cast<std::uint8_t>(codecs_.size() - 1);
}

bool SegmentWriter::append(AdmittedBlock&& admitted, AudioUse use, Arrival arrival) {
  Block& block = *admitted.block_;
  const WallTime first(nanoseconds(block.head.first_ns));
  if (use != use_ || block.head.codec_number != codec_number_) roll();
  use_ = use;
  codec_number_ = block.head.codec_number;
  // A block from before the segment's start (a clock that was set back) has no place in it.
  if (open_ != nullptr && (first >= start_ + settings_.segment_time || first < start_)) roll();
  if ((arrival == Arrival::fresh && !may_queue()) || (open_ == nullptr && !open(first))) {
    lose(block);
    return false;
  }

  matroska::patch_timestamp(block.plain, matroska::segment_offset(first, start_));
  block.head.frame_seq = next_seq_++;
  end_ = std::max(end_, WallTime(nanoseconds(block.head.end_ns)));
  admitted.segment_ = open_.get();
  queue_.push(std::move(admitted));
  return true;
}

void SegmentWriter::lose(const Block& block) {
  gaps_.add({WallTime(nanoseconds(block.head.first_ns)), WallTime(nanoseconds(block.head.end_ns)),
             static_cast<std::uint32_t>(matroska::packets_in(block.plain))});
}

// Nothing waits unless the disk or the workers are behind. A leg may then have what was reserved for it, and more as
// long as nobody else is short of it.
bool SegmentWriter::may_queue() const {
  std::size_t waiting = open_ == nullptr ? 0 : open_->waiting();
  for (const ClosedSegment& closed : closing_) waiting += closed.segment->waiting();
  return waiting < settings_.queued_blocks || pool_.in_use_blocks() <= pool_.capacity_blocks() / 2;
}

bool SegmentWriter::open(WallTime start) {
  if (!leg_key_) return false;
  reap();
  BlockRef header = pool_.take();
  BlockRef head = pool_.take();
  if (header == nullptr || head == nullptr) return false;

  const auto id = new_id<SegmentId>(start);
  const std::uint32_t number = last_number_ + 1;
  const MessageContext context =
      context_of({owner_->call, consent_, owner_->leg, owner_->recording, id, number, owner_->tenant, use_});
  Result<SegmentSealer> sealer = SegmentSealer::create(*leg_key_, leg_key_id_, context);
  if (!sealer) return false;  // no memory for a key: the audio is lost and counted, the call goes on

  const Bytes message_header = sealer->take_header();
  ASSENT_CHECK(message_header.size() <= header->plain.size());  // ids only: its size is always the same
  std::copy(message_header.begin(), message_header.end(), header->plain.begin());
  header->head.fill_bytes = static_cast<std::uint16_t>(message_header.size());

  open_ = std::make_unique<OpenSegment>(id, std::move(*sealer), permits_.of(use_), codecs_.at(codec_number_));
  start_ = start;
  end_ = start;
  next_seq_ = 0;
  last_number_ = number;
  segments_.push_back(id);
  if (!codecs_.at(codec_number_).is_waveform()) talk_.reset();
  observer_.segment_opened({id, *owner_, number, start, use_});

  push(std::move(header), BlockKind::header, *open_, next_seq_++);
  matroska::write_head_block(head->plain, SegmentHead{id, owner_->leg, start, codecs_.at(codec_number_)});
  push(std::move(head), BlockKind::head, *open_, next_seq_++);
  return true;
}

void SegmentWriter::roll() {
  if (open_ == nullptr) return;
  observer_.segment_closed(open_->id(), end_);
  closing_.push_back({std::move(open_), next_seq_, counts_()});
  reap();
}

void SegmentWriter::push(BlockRef block, BlockKind kind, OpenSegment& segment, std::uint32_t seq) {
  block->head.kind = kind;
  block->head.frame_seq = seq;
  queue_.push(AdmittedBlock(std::move(block), &segment));
}

bool SegmentWriter::finish(ClosedSegment& closed) {
  if (!closed.counts) return true;
  BlockRef block = pool_.take();
  if (block == nullptr) return false;
  block->head.fill_bytes = static_cast<std::uint16_t>(matroska::write_tags(block->plain, *closed.counts));
  closed.counts.reset();
  push(std::move(block), BlockKind::final, *closed.segment, closed.final_seq);
  return true;
}

void SegmentWriter::reap() {
  is_behind_ = false;
  for (ClosedSegment& closed : closing_) {
    if (!finish(closed)) is_behind_ = true;
  }
  std::erase_if(closing_, [this](const ClosedSegment& closed) {
    if (closed.counts || !closed.segment->is_drained()) return false;
    if (talk_) *talk_ += talk_time(closed.segment->talk(), closed.segment->codec());
    return true;
  });
}

bool SegmentWriter::is_drained() {
  reap();
  return open_ == nullptr && closing_.empty();
}

}  // namespace assent
