#include "engine/block_pool.h"

#include <algorithm>
#include <atomic>
#include <boost/lockfree/stack.hpp>

#include "crypto/wipe.h"

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
  // Pushed backwards, so that blocks are handed out from the lowest address up.
  for (std::size_t i = capacity_; i > 0; --i) ASSENT_CHECK(state_->free.bounded_push(first + i - 1));
}

BlockPool::~BlockPool() { ASSENT_CHECK(in_use_blocks() == 0); }

BlockRef BlockPool::take() {
  Block* block = nullptr;
  if (!state_->free.pop(block)) return BlockRef(nullptr, BlockReturner{this});
  state_->in_use.fetch_add(1, std::memory_order_relaxed);
  return adopt(block);
}

void BlockPool::give_back(Block* block) noexcept {
  // Most blocks that come back held one datagram of 200 bytes: wiping what it wrote is a tenth of wiping the page.
  const bool partly = block->head.kind == BlockKind::datagram;
  const std::size_t used = partly ? sizeof block->head + block->head.fill_bytes : sizeof *block;
  wipe({reinterpret_cast<std::uint8_t*>(block), std::min(used, sizeof *block)});
  state_->in_use.fetch_sub(1, std::memory_order_relaxed);
  ASSENT_CHECK(state_->free.bounded_push(block));
}

void BlockReturner::operator()(Block* block) const noexcept {
  if (block != nullptr) pool->give_back(block);
}

std::size_t BlockPool::in_use_blocks() const { return state_->in_use.load(std::memory_order_relaxed); }

ArenaBacking BlockPool::backing() const { return state_->arena.backing(); }

}  // namespace assent
