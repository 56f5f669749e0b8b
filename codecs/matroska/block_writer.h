// Writes the plaintext of a segment's frames in place, in the memory they are later encrypted from (codecs/matroska/
// layout.h draws the bytes). One block holds one Cluster; a payload is copied into it once and never moved.
//
// It decides the layout and the rounding of time. It need not know which segment a block will belong to: a block that
// waits in the ring gets its segment-relative time by patch_timestamp when it is admitted. Pure, no allocation except
// in write_head's and write_tags' text; one thread at a time per block.
//
// Time: every WallTime is rounded down to whole milliseconds of the wall clock here, once, and only then subtracted; so
// packets 20 ms apart are 20 ms apart in the file, wherever clusters and segments begin.
// Errors: none; what does not fit is asked for first (`fits`), and appending it anyway is our own bug (CHECK).
// Spec: formats of Matroska (RFC 9559) and EBML (RFC 8794); bounds in base/limits.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/time.h"
#include "codecs/matroska/segment_head.h"

namespace assent::matroska {

// Where `at` lies in a segment that started at `segment_start`.
inline milliseconds segment_offset(WallTime at, WallTime segment_start) {
  return std::chrono::floor<milliseconds>(at) - std::chrono::floor<milliseconds>(segment_start);
}

// One open Cluster. Small and trivially copyable: it lives in the leg's hot state between packets.
struct ClusterWriter {
  std::uint8_t* block = nullptr;  // borrowed: the memory being filled
  std::int64_t first_ms = 0;      // wall clock of the Cluster's time zero, whole milliseconds
  std::uint16_t block_bytes = 0;  // size of that memory
  std::uint16_t cluster_at = 0;   // where the Cluster begins in it
  std::uint16_t end = 0;          // first free byte

  // Opens a Cluster at `offset` of `block` whose time zero is `first`, normally its first packet's time. Its Timestamp
  // is 0 until patch_timestamp. Room for the Cluster's head and a Void is the caller's to give.
  static ClusterWriter begin(ByteSpan block, WallTime first, std::size_t offset = 0);

  bool is_open() const { return block != nullptr; }
  bool is_empty() const { return end == cluster_at + limits::kClusterHeadBytes; }
  std::size_t room_bytes() const { return std::size_t{block_bytes} - end; }

  // Whether a packet can go in: it is not empty, there is room for it, and its time is within 32.7 s of `first`.
  bool fits(std::size_t payload_bytes, WallTime at) const;

  // When `at` is in the Cluster's own time; what `fits` has one.
  std::int16_t relative_ms(WallTime at) const;

  // Copies one packet's payload behind the last one. The packet `fits`.
  void append(ByteView payload, WallTime at);

  // How many packets of one size fit, one after the other, so that each leaves room for a Void or none at all. Their
  // times are the caller's concern.
  std::size_t fitting(std::size_t payload_bytes) const;
  // So many packets were put behind the last one by put_packet.
  void skip(std::size_t packets, std::size_t payload_bytes);

  // Closes the Cluster's size and fills the block with a Void of zeros to its end. The writer is closed afterwards.
  void finish();
};

// Writes the SimpleBlock of one packet, whose payload is not empty and whose time is `relative_ms` after its Cluster's,
// to `to`, where there must be room for it; returns where the next begins. Unlike ClusterWriter::append it checks
// nothing: the caller has counted the packets that fit (ClusterWriter::fitting).
std::uint8_t* put_packet(std::uint8_t* to, ByteView payload, std::int16_t relative_ms);

// How many packets the Cluster at the beginning of a finished block holds. Read from the bytes, so that nobody has to
// count while they come.
std::size_t packets_in(ByteView block);

// Gives the Cluster that begins at `cluster` its place in its segment: milliseconds after the segment's start. A time
// before the start (a wall clock that was set back) is written as the start.
void patch_timestamp(ByteSpan cluster, milliseconds since_segment_start);

// Writes EBML header, Segment, Info and Tracks to the beginning of `block` and returns where the first Cluster may
// begin (ClusterWriter::begin with that offset). The rest of the block is untouched.
std::size_t write_head(ByteSpan block, const SegmentHead& head);

// A head with an empty Cluster at time 0 and Void to the end: a complete first frame for a segment whose audio begins
// in the second.
void write_head_block(ByteSpan block, const SegmentHead& head);

// Overwrites the whole block with one Void: a frame in place of audio that was withdrawn while it was queued.
void write_void_block(ByteSpan block);

// The final frame: Tags with the leg's counts. `out` holds at least limits::kFinalFrameBytes; returns the bytes
// written.
std::size_t write_tags(ByteSpan out, const LegCounts& counts);

}  // namespace assent::matroska
