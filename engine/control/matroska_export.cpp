#include "engine/control/matroska_export.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "crypto/wipe.h"

namespace assent {

MatroskaExport::MatroskaExport(std::unique_ptr<LegPackets> packets, SegmentHead head)
    : packets_(std::move(packets)), head_(std::move(head)) {}

MatroskaExport::~MatroskaExport() { wipe(block_); }

Result<std::size_t> MatroskaExport::read(ByteSpan out) {
  std::size_t filled_bytes = 0;
  while (filled_bytes < out.size()) {
    if (given_bytes_ == block_.size()) {
      if (ended_) break;
      if (auto filled = fill_block(); !filled) return filled.error();
      if (given_bytes_ == block_.size()) break;  // there was nothing left
    }
    const std::size_t bytes = std::min(out.size() - filled_bytes, block_.size() - given_bytes_);
    std::memcpy(&out[filled_bytes], &block_[given_bytes_], bytes);
    filled_bytes += bytes;
    given_bytes_ += bytes;
  }
  return filled_bytes;
}

void MatroskaExport::start_block(const LegPacket& first) {
  std::size_t offset = 0;
  if (head_is_due_) {
    head_.codec = first.codec;
    offset = matroska::write_head(block_, head_);
    head_is_due_ = false;
  }
  cluster_ = matroska::ClusterWriter::begin(block_, first.at, offset);
}

// One block: as many packets as fit one Cluster, and Void to its end.
Result<void> MatroskaExport::fill_block() {
  std::size_t cluster_at = 0;
  while (true) {
    if (!next_) {
      auto fetched = packets_->next();
      if (!fetched) return fetched.error();
      next_ = *std::move(fetched);
    }
    if (!next_) {
      ended_ = true;
      break;
    }
    if (next_->codec != head_.codec && !head_is_due_) {
      head_is_due_ = true;
      if (cluster_.is_open()) break;
    }
    if (!cluster_.is_open()) {
      start_block(*next_);
      cluster_at = cluster_.cluster_at;
    }
    if (!cluster_.fits(next_->payload.size(), next_->at)) {
      if (cluster_.is_empty() && cluster_at == 0) return error(Errc::corrupt, "a stored packet is larger than a block");
      break;
    }
    cluster_.append(next_->payload, next_->at);
    next_.reset();
  }
  if (!cluster_.is_open()) return {};
  const WallTime first{milliseconds(cluster_.first_ms)};
  cluster_.finish();
  matroska::patch_timestamp(ByteSpan(block_).subspan(cluster_at), matroska::segment_offset(first, head_.start));
  given_bytes_ = 0;
  return {};
}

}  // namespace assent
