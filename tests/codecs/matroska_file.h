// A whole segment's plaintext for tests: frames as the engine would write them, from packets that are given or drawn.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "base/limits.h"
#include "codecs/matroska/block_writer.h"

namespace assent::test {

struct TimedBytes {
  WallTime at;
  Bytes payload;

  bool operator==(const TimedBytes&) const = default;
};

inline const WallTime kStart = *parse_rfc3339("2026-03-04T05:06:07.250Z");

inline SegmentHead segment_head(const Codec& codec, WallTime start = kStart) {
  SegmentHead head;
  head.segment.bytes.fill(0x5A);
  head.leg.bytes.fill(0x1E);
  head.start = start;
  head.codec = codec;
  return head;
}

// Frames 2 to n-1: as many Clusters as the packets need, the Timestamp patched in afterwards as admission does.
inline std::vector<Bytes> cluster_frames(const std::vector<TimedBytes>& packets, WallTime segment_start) {
  std::vector<Bytes> frames;
  matroska::ClusterWriter writer;
  for (const auto& packet : packets) {
    if (!writer.is_open() || !writer.fits(packet.payload.size(), packet.at)) {
      if (writer.is_open()) writer.finish();
      frames.emplace_back(limits::kFrameBytes, std::uint8_t{0xDD});
      writer = matroska::ClusterWriter::begin(frames.back(), packet.at);
      matroska::patch_timestamp(frames.back(), matroska::segment_offset(packet.at, segment_start));
    }
    writer.append(packet.payload, packet.at);
  }
  if (writer.is_open()) writer.finish();
  return frames;
}

// Head, Clusters, Tags.
inline std::vector<Bytes> segment_frames(const SegmentHead& head, const std::vector<TimedBytes>& packets,
                                         const LegCounts& counts = {}) {
  std::vector<Bytes> frames{Bytes(limits::kFrameBytes, 0xDD)};
  matroska::write_head_block(frames[0], head);
  for (auto& frame : cluster_frames(packets, head.start)) frames.push_back(std::move(frame));
  frames.emplace_back(limits::kFinalFrameBytes);
  frames.back().resize(matroska::write_tags(frames.back(), counts));
  return frames;
}

inline Bytes joined(const std::vector<Bytes>& frames) {
  Bytes all;
  for (const auto& frame : frames) append(all, frame);
  return all;
}

inline Bytes random_bytes(std::mt19937& random, std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace assent::test
