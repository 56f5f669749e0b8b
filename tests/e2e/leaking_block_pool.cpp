// A block pool that leaks on purpose: what comes back is not wiped, and is written to a file first. A program linked
// with it in place of engine/block_pool.cpp is what the marker scan must find guilty; if it does not, the scan proves
// nothing.
#include <atomic>
#include <boost/lockfree/stack.hpp>
#include <cstdio>

#include "engine/block_pool.h"

namespace assent {

struct BlockPool::State {
  State(SecureArena owned, std::size_t blocks) : arena(std::move(owned)), free(blocks) {}
  SecureArena arena;
  boost::lockfree::stack<Block*> free;
  std::atomic<std::size_t> in_use{0};
};

BlockPool::BlockPool(SecureArena arena) : capacity_(arena.memory().size() / sizeof(Block)) {
  auto* first = reinterpret_cast<Block*>(arena.memory().data());
  state_ = std::make_unique<State>(std::move(arena), capacity_);
  for (std::size_t i = capacity_; i > 0; --i) ASSENT_CHECK(state_->free.bounded_push(first + i - 1));
}

BlockPool::~BlockPool() = default;

void BlockPool::make_home_here() {}

BlockRef BlockPool::take() {
  Block* block = nullptr;
  if (!state_->free.pop(block)) return BlockRef(nullptr, BlockReturner{this});
  state_->in_use.fetch_add(1, std::memory_order_relaxed);
  return adopt(block);
}

void BlockPool::give_back(Block* block) noexcept {
  if (std::FILE* file = std::fopen("leaked.bin", "ab")) {
    std::fwrite(block->plain.data(), 1, block->plain.size(), file);
    std::fclose(file);
  }
  state_->in_use.fetch_sub(1, std::memory_order_relaxed);
  ASSENT_CHECK(state_->free.bounded_push(block));
}

void BlockReturner::operator()(Block* block) const noexcept {
  if (block != nullptr) pool->give_back(block);
}

std::size_t BlockPool::in_use_blocks() const { return state_->in_use.load(std::memory_order_relaxed); }

ArenaBacking BlockPool::backing() const { return state_->arena.backing(); }

}  // namespace assent
