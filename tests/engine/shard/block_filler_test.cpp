#include "engine/shard/block_filler.h"

#include "catch.h"

using namespace assent;

namespace {

BlockPool pool_of(std::size_t blocks) {
  auto arena = SecureArena::create(blocks * sizeof(Block), ArenaBacking::locked_memory);
  REQUIRE(arena);
  return BlockPool(std::move(*arena));
}

constexpr WallTime kStart{std::chrono::seconds(1'800'000'000)};

}  // namespace

TEST_CASE("a block closes when the next packet does not fit, and spans its packets' time") {
  BlockPool pool = pool_of(4);
  BlockFiller filler(pool);
  const Bytes payload(160, 0x55);
  WallTime at = kStart;
  std::optional<HeldBlock> closed;
  int packets = 0;
  while (!closed) {
    closed = filler.add(payload, at, 20ms);
    if (!closed) {
      ++packets;
      at += 20ms;
    }
  }
  // (4064 - 23 of cluster head) / (160 + 7 or 8 of block head): 24 packets.
  CHECK(packets == 24);
  CHECK(closed->first_time() == kStart);
  CHECK(closed->end_time() == kStart + 24 * 20ms);
  filler.discard();
}

TEST_CASE("a packet that finds no block is lost and leaves the filler empty, and the next one is tried again") {
  BlockPool pool = pool_of(1);
  BlockRef taken = pool.take();
  BlockFiller filler(pool);
  const Bytes payload(160, 0x55);
  CHECK_FALSE(filler.add(payload, kStart, 20ms));
  CHECK(filler.is_empty());
  taken.reset();
  CHECK_FALSE(filler.add(payload, kStart + 20ms, 20ms));
  CHECK_FALSE(filler.is_empty());
  CHECK(filler.cut());
}

TEST_CASE("nothing is cut from an empty filler") {
  BlockPool pool = pool_of(1);
  BlockFiller filler(pool);
  CHECK_FALSE(filler.cut());
  CHECK(pool.in_use_blocks() == 0);
}

TEST_CASE("a block that is dropped is wiped before it can be had again") {
  BlockPool pool = pool_of(1);
  BlockFiller filler(pool);
  const Bytes payload(160, 0xA7);
  CHECK_FALSE(filler.add(payload, kStart, 20ms));
  filler.discard();
  const BlockRef again = pool.take();
  REQUIRE(again != nullptr);
  CHECK(std::all_of(again->plain.begin(), again->plain.end(), [](std::uint8_t byte) { return byte == 0; }));
}
