#include "engine/page_pool.h"

#include <sys/mman.h>

#include <atomic>
#include <boost/lockfree/stack.hpp>

#include "base/result.h"

namespace assent {

struct PagePool::State {
  explicit State(std::size_t pages) : free(pages) {}
  boost::lockfree::stack<Page*> free;
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> returned{0};
  void* memory = nullptr;
};

PagePool::PagePool(std::size_t pages) : state_(std::make_unique<State>(pages)), capacity_(pages) {
  // Anonymous memory is page-aligned and touched only when used: a large bound costs nothing until a disk stalls.
  state_->memory = mmap(nullptr, pages * sizeof(Page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSENT_CHECK(state_->memory != MAP_FAILED);
  auto* first = static_cast<Page*>(state_->memory);
  for (std::size_t i = pages; i > 0; --i) ASSENT_CHECK(state_->free.bounded_push(first + i - 1));
}

PagePool::~PagePool() {
  ASSENT_CHECK(in_use_pages() == 0);
  munmap(state_->memory, capacity_ * sizeof(Page));
}

PageRef PagePool::take() {
  Page* page = nullptr;
  if (!state_->free.pop(page)) return PageRef(nullptr, PageReturner{this});
  state_->taken.fetch_add(1, std::memory_order_relaxed);
  return adopt(page);
}

void PagePool::give_back(Page* page) noexcept {
  state_->returned.fetch_add(1, std::memory_order_relaxed);
  ASSENT_CHECK(state_->free.bounded_push(page));
}

void PageReturner::operator()(Page* page) const noexcept {
  if (page != nullptr) pool->give_back(page);
}

// What came back is read first, so that it is never more than what was taken.
PagePool::Totals PagePool::totals() const {
  Totals totals;
  totals.returned = state_->returned.load(std::memory_order_acquire);
  totals.taken = state_->taken.load(std::memory_order_relaxed);
  return totals;
}

std::size_t PagePool::in_use_pages() const {
  const Totals now = totals();
  return static_cast<std::size_t>(now.taken - now.returned);
}

}  // namespace assent
