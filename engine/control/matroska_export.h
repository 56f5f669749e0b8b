// MatroskaExport: one leg's stored packets as one Matroska stream that the caller pulls, decoded by nobody.
//
// A recording's segments are Matroska files of their own; one after the other, most players would stop after the first.
// So one head is written, and all packets go into fresh Clusters whose times count from the first segment's start: the
// same bytes of audio, one timeline. Where the codec changes, a new EBML document begins (RFC 8794 section 3 allows a
// stream of several), because a Matroska track has one codec.
//
// It owns one block of plaintext, wiped at the end. One thread at a time. Errors: those of the packets.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/limits.h"
#include "codecs/matroska/block_writer.h"
#include "engine/control/audio_renderer.h"

namespace assent {

class MatroskaExport {
 public:
  // `head` says what the document says of itself; its start is the origin of time.
  MatroskaExport(std::unique_ptr<LegPackets> packets, SegmentHead head);
  ~MatroskaExport();
  MatroskaExport(const MatroskaExport&) = delete;
  MatroskaExport& operator=(const MatroskaExport&) = delete;

  // Fills some of `out` and returns how much; 0 at the end.
  Result<std::size_t> read(ByteSpan out);

 private:
  Result<void> fill_block();
  void start_block(const LegPacket& first);

  std::unique_ptr<LegPackets> packets_;
  SegmentHead head_;
  bool head_is_due_ = true;
  bool ended_ = false;
  std::optional<LegPacket> next_;  // fetched, and did not fit the block before
  matroska::ClusterWriter cluster_;
  std::array<std::uint8_t, limits::kFrameBytes> block_{};
  std::size_t given_bytes_ = limits::kFrameBytes;  // of the block
};

}  // namespace assent
