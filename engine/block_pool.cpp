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
  // Both may be negative: a block taken at home may be returned elsewhere. Apart from each other and from the list,
  // since different threads write to them.
  alignas(limits::kCacheLineBytes) std::atomic<std::ptrdiff_t> in_use{0};
  alignas(limits::kCacheLineBytes) std::atomic<std::ptrdiff_t> in_use_at_home{0};  // written by the home thread only

  void count_at_home(std::ptrdiff_t change) {
    in_use_at_home.store(in_use_at_home.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
};

BlockPool::BlockPool(SecureArena arena) : capacity_(arena.memory().size() / sizeof(Block)) {
  auto* first = reinterpret_cast<Block*>(arena.memory().data());
  state_ = std::make_unique<State>(std::move(arena), capacity_);
  // Pushed backwards, so that blocks are handed out from the lowest address up.
  for (std::size_t i = capacity_; i > 0; --i) ASSENT_CHECK(state_->free.bounded_push(first + i - 1));
}

BlockPool::~BlockPool() { ASSENT_CHECK(in_use_blocks() == 0); }

void BlockPool::make_home_here() {
  ASSENT_CHECK(home_ == std::thread::id());
  home_ = std::this_thread::get_id();
}

BlockRef BlockPool::take() {
  if (is_home()) return adopt(take_near());
  Block* block = nullptr;
  if (!state_->free.pop(block)) return adopt(nullptr);
  state_->in_use.fetch_add(1, std::memory_order_relaxed);
  return adopt(block);
}

void BlockPool::give_back(Block* block) noexcept {
  // Most blocks that come back held one datagram of 200 bytes: wiping what it wrote is a tenth of wiping the page.
  const bool partly = block->head.kind == BlockKind::datagram;
  const std::size_t used = partly ? sizeof block->head + block->head.fill_bytes : sizeof *block;
  wipe({reinterpret_cast<std::uint8_t*>(block), std::min(used, sizeof *block)});
  if (is_home()) return give_back_near(block);
  state_->in_use.fetch_sub(1, std::memory_order_relaxed);
  ASSENT_CHECK(state_->free.bounded_push(block));
}

Block* BlockPool::take_near() {
  while (near_count_ < near_.size() / 2) {
    Block* block = nullptr;
    if (!state_->free.pop(block)) break;
    near_[near_count_++] = block;
  }
  if (near_count_ == 0) return nullptr;
  state_->count_at_home(1);
  return near_[--near_count_];
}

// The block that came last goes out next, while the caches still hold it.
void BlockPool::give_back_near(Block* block) noexcept {
  state_->count_at_home(-1);
  if (near_count_ == near_.size()) {
    for (std::size_t i = 0; i < near_.size() / 2; ++i) ASSENT_CHECK(state_->free.bounded_push(near_[--near_count_]));
  }
  near_[near_count_++] = block;
}

void BlockReturner::operator()(Block* block) const noexcept {
  if (block != nullptr) pool->give_back(block);
}

std::size_t BlockPool::in_use_blocks() const {
  const std::ptrdiff_t in_use =
      state_->in_use.load(std::memory_order_relaxed) + state_->in_use_at_home.load(std::memory_order_relaxed);
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(in_use, 0));
}

ArenaBacking BlockPool::backing() const { return state_->arena.backing(); }

}  // namespace assent
