// A block pool that leaks on purpose: what comes back is not wiped, and is written to a file first. A program linked
// with it in place of engine/block_pool.cpp is what the marker scan must find guilty; if it does not, the scan proves
// nothing.
#include <atomic>
#include <cstdio>
#include <numeric>
#include <vector>

#include "base/index_stack.h"
#include "engine/block_pool.h"

namespace assent {

struct BlockPool::State {
  State(SecureArena owned, std::size_t blocks) : arena(std::move(owned)), free(static_cast<std::uint32_t>(blocks)) {}
  SecureArena arena;
  IndexStack free;
  std::atomic<std::size_t> in_use{0};
};

BlockPool::BlockPool(SecureArena arena) : capacity_(arena.memory().size() / sizeof(Block)) {
  first_ = reinterpret_cast<Block*>(arena.memory().data());
  state_ = std::make_unique<State>(std::move(arena), capacity_);
  std::vector<std::uint32_t> all(capacity_);
  std::iota(all.begin(), all.end(), 0U);
  state_->free.push(all);
}

BlockPool::~BlockPool() = default;

void BlockPool::make_home_here() {}

BlockRef BlockPool::take() {
  std::uint32_t index = 0;
  if (state_->free.pop({&index, 1}) == 0) return BlockRef(nullptr, BlockReturner{this});
  state_->in_use.fetch_add(1, std::memory_order_relaxed);
  return adopt(at(index));
}

void BlockPool::give_back(Block* block) noexcept {
  if (std::FILE* file = std::fopen("leaked.bin", "ab")) {
    std::fwrite(block->plain.data(), 1, block->plain.size(), file);
    std::fclose(file);
  }
  const std::uint32_t index = index_of(block);
  state_->in_use.fetch_sub(1, std::memory_order_relaxed);
  state_->free.push({&index, 1});
}

void BlockPool::Returns::add(BlockRef block) { block.reset(); }
BlockPool::Returns::~Returns() = default;

void BlockReturner::operator()(Block* block) const noexcept {
  if (block != nullptr) pool->give_back(block);
}

std::size_t BlockPool::in_use_blocks() const { return state_->in_use.load(std::memory_order_relaxed); }

ArenaBacking BlockPool::backing() const { return state_->arena.backing(); }

}  // namespace assent
