// BlockFiller: copies a leg's payloads, once, into the block they will be held, wiped or encrypted in.
//
// It owns the block being filled and decides when it is full. It does not know whether anyone has consented: what it
// closes is a HeldBlock, and the gate decides. Shard thread; no allocation.
#pragma once

#include <cstdint>
#include <optional>

#include "codecs/matroska/block_writer.h"
#include "engine/shard/expected_packet.h"
#include "engine/stages.h"

namespace assent {

class BlockFiller {
 public:
  explicit BlockFiller(BlockPool& pool) : block_(pool.adopt(nullptr)) {}

  // What the blocks that begin from now on say their packets are; the one being filled has been cut.
  void set_codec(std::uint8_t number) { codec_number_ = number; }

  // Adds one packet that begins at `at` and lasts `duration`. Returns the block that had to be closed to make room for
  // it. When no block is free the packet is lost, and the filler is empty afterwards, as it never is otherwise.
  std::optional<HeldBlock> add(ByteView payload, WallTime at, nanoseconds duration);

  // Closes and pads the block being filled; nothing when it is empty.
  std::optional<HeldBlock> cut();
  // Wipes the block being filled.
  void discard();

  // Where packets of one size that follow each other go, the first at `at`.
  ExpectedRoom room_for(std::size_t payload_bytes, WallTime at) const;
  // So many of them were put there; `end` is when the last one ended.
  void filled(std::size_t packets, std::size_t payload_bytes, WallTime end);

  bool is_empty() const { return block_ == nullptr; }
  WallTime first_time() const { return WallTime(nanoseconds(block_->head.first_ns)); }  // not when empty

 private:
  BlockRef block_;  // knows its pool when it is empty, too
  matroska::ClusterWriter cluster_;
  std::uint8_t codec_number_ = 0;
  std::int64_t end_ns_ = 0;  // of the latest packet; the block is told when it is closed
};

}  // namespace assent
