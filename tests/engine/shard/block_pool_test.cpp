#include "engine/block_pool.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "catch.h"

namespace assent {
namespace {

SecureArena arena_of(std::size_t blocks) {
  auto arena = SecureArena::create(blocks * sizeof(Block), ArenaBacking::locked_memory);
  REQUIRE(arena);
  return std::move(*arena);
}

bool is_wiped(const Block& block) {
  return std::all_of(block.plain.begin(), block.plain.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

TEST_CASE("a block that comes back is wiped, at home and elsewhere") {
  BlockPool pool(arena_of(4));
  const bool at_home = GENERATE(false, true);
  if (at_home) pool.make_home_here();
  BlockRef block = pool.take();
  const Block* memory = block.get();
  block->plain.fill(0xA5);
  block.reset();
  CHECK(is_wiped(*memory));
  CHECK(pool.in_use_blocks() == 0);
}

TEST_CASE("blocks returned together are wiped as they come and free when the last has come") {
  BlockPool pool(arena_of(limits::kSealBurst));
  if (GENERATE(false, true)) pool.make_home_here();
  std::vector<BlockRef> taken;
  while (BlockRef block = pool.take()) taken.push_back(std::move(block));
  {
    BlockPool::Returns returns(pool);
    for (BlockRef& block : taken) {
      const Block* memory = block.get();
      block->plain.fill(0xA5);
      returns.add(std::move(block));
      CHECK(is_wiped(*memory));
    }
    CHECK(pool.in_use_blocks() == limits::kSealBurst);
    CHECK_FALSE(pool.take());
  }
  CHECK(pool.in_use_blocks() == 0);
  CHECK(pool.take());
}

TEST_CASE("every block can be taken at home, however many the home keeps near") {
  const std::size_t blocks = GENERATE(std::size_t{1}, std::size_t{3}, limits::kNearBlocks, 5 * limits::kNearBlocks);
  BlockPool pool(arena_of(blocks));
  pool.make_home_here();
  for (int round = 0; round < 3; ++round) {
    std::vector<BlockRef> taken;
    while (BlockRef block = pool.take()) taken.push_back(std::move(block));
    CHECK(taken.size() == blocks);
    CHECK(pool.in_use_blocks() == blocks);
  }
  CHECK(pool.in_use_blocks() == 0);
}

TEST_CASE("blocks taken at home and returned by other threads come home again") {
  constexpr std::size_t kBlocks = 2 * limits::kNearBlocks;
  constexpr int kRounds = 200;
  BlockPool pool(arena_of(kBlocks));
  pool.make_home_here();
  for (int round = 0; round < kRounds; ++round) {
    std::vector<BlockRef> first;
    std::vector<BlockRef> second;
    while (BlockRef block = pool.take()) (first.size() <= second.size() ? first : second).push_back(std::move(block));
    REQUIRE(first.size() + second.size() == kBlocks);
    std::thread one([&first] { first.clear(); });
    std::thread two([&second] { second.clear(); });
    one.join();
    two.join();
    REQUIRE(pool.in_use_blocks() == 0);
  }
}

}  // namespace assent
