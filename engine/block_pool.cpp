#include "engine/block_pool.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <vector>

#include "base/index_stack.h"
#include "crypto/wipe.h"

namespace assent {

struct BlockPool::State {
  explicit State(SecureArena owned)
      : arena(std::move(owned)), free(static_cast<std::uint32_t>(arena.memory().size() / sizeof(Block))) {}
  SecureArena arena;
  IndexStack free;
  // Both may be negative: a block taken at home may be returned elsewhere. Apart from each other and from the list,
  // since different threads write to them.
  alignas(limits::kCacheLineBytes) std::atomic<std::ptrdiff_t> in_use{0};
  alignas(limits::kCacheLineBytes) std::atomic<std::ptrdiff_t> in_use_at_home{0};  // written by the home thread only

  void count_at_home(std::ptrdiff_t change) {
    in_use_at_home.store(in_use_at_home.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
};

namespace {

// Most blocks that come back held one datagram of 200 bytes: wiping what it wrote is a tenth of wiping the page.
void wipe_block(Block& block) {
  const bool partly = block.head.kind == BlockKind::datagram;
  const std::size_t used = partly ? sizeof block.head + block.head.fill_bytes : sizeof block;
  wipe({reinterpret_cast<std::uint8_t*>(&block), std::min(used, sizeof block)});
}

}  // namespace

BlockPool::BlockPool(SecureArena arena)
    : state_(std::make_unique<State>(std::move(arena))),
      first_(reinterpret_cast<Block*>(state_->arena.memory().data())),
      capacity_(state_->arena.memory().size() / sizeof(Block)) {
  std::vector<std::uint32_t> all(capacity_);
  std::iota(all.begin(), all.end(), 0U);
  state_->free.push(all);
}

BlockPool::~BlockPool() { ASSENT_CHECK(in_use_blocks() == 0); }

void BlockPool::make_home_here() {
  ASSENT_CHECK(home_ == std::thread::id());
  home_ = std::this_thread::get_id();
}

BlockRef BlockPool::take() {
  if (is_home()) return adopt(take_near());
  std::uint32_t index = 0;
  if (state_->free.pop({&index, 1}) == 0) return adopt(nullptr);
  state_->in_use.fetch_add(1, std::memory_order_relaxed);
  return adopt(at(index));
}

void BlockPool::give_back(Block* block) noexcept {
  wipe_block(*block);
  if (is_home()) return give_back_near(block);
  const std::uint32_t index = index_of(block);
  state_->in_use.fetch_sub(1, std::memory_order_relaxed);
  state_->free.push({&index, 1});
}

Block* BlockPool::take_near() {
  if (near_count_ < near_.size() / 2) {
    near_count_ += state_->free.pop(std::span(near_).subspan(near_count_, near_.size() / 2 - near_count_));
  }
  if (near_count_ == 0) return nullptr;
  state_->count_at_home(1);
  return at(near_[--near_count_]);
}

// The block that came last goes out next, while the caches still hold it.
void BlockPool::give_back_near(Block* block) noexcept {
  state_->count_at_home(-1);
  if (near_count_ == near_.size()) {
    near_count_ = near_.size() / 2;
    state_->free.push(std::span(near_).subspan(near_count_));
  }
  near_[near_count_++] = index_of(block);
}

void BlockPool::Returns::add(BlockRef block) {
  ASSENT_CHECK(count_ < wiped_.size());
  wipe_block(*block);
  wiped_[count_++] = pool_.index_of(block.release());
}

BlockPool::Returns::~Returns() {
  pool_.state_->in_use.fetch_sub(static_cast<std::ptrdiff_t>(count_), std::memory_order_relaxed);
  pool_.state_->free.push(std::span(wiped_).first(count_));
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
