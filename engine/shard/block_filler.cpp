#include "engine/shard/block_filler.h"

namespace assent {

std::optional<HeldBlock> BlockFiller::add(ByteView payload, WallTime at, nanoseconds duration) {
  std::optional<HeldBlock> closed;
  if (block_ != nullptr && !cluster_.fits(payload.size(), at)) closed = cut();
  if (block_ == nullptr) {
    block_ = block_.get_deleter().pool->take();
    if (block_ == nullptr) return closed;
    block_->head = BlockHead{};
    block_->head.codec_number = codec_number_;
    block_->head.first_ns = at.time_since_epoch().count();
    cluster_ = matroska::ClusterWriter::begin(block_->plain, at);
  }
  cluster_.append(payload, at);
  end_ns_ = (at + duration).time_since_epoch().count();
  return closed;
}

ExpectedRoom BlockFiller::room_for(std::size_t payload_bytes, WallTime at) const {
  if (!cluster_.is_open() || !cluster_.fits(payload_bytes, at)) return {};
  return {cluster_.block + cluster_.end, cluster_.relative_ms(at), cluster_.fitting(payload_bytes)};
}

void BlockFiller::filled(std::size_t packets, std::size_t payload_bytes, WallTime end) {
  cluster_.skip(packets, payload_bytes);
  end_ns_ = end.time_since_epoch().count();
}

std::optional<HeldBlock> BlockFiller::cut() {
  if (block_ == nullptr) return std::nullopt;
  cluster_.finish();
  block_->head.fill_bytes = limits::kFrameBytes;
  block_->head.end_ns = end_ns_;
  return HeldBlock(std::move(block_));
}

void BlockFiller::discard() {
  block_.reset();
  cluster_ = {};
}

}  // namespace assent
