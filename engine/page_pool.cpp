#include "engine/page_pool.h"

#include <sys/mman.h>

#include <boost/lockfree/stack.hpp>

#include "base/result.h"

namespace assent {

struct PagePool::State {
  explicit State(std::size_t pages) : free(pages) {}
  boost::lockfree::stack<Page*> free;
  InOutCount count;
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
  state_->count.went_in();
  return adopt(page);
}

void PagePool::give_back(Page* page) noexcept {
  state_->count.came_out();
  ASSENT_CHECK(state_->free.bounded_push(page));
}

void PageReturner::operator()(Page* page) const noexcept {
  if (page != nullptr) pool->give_back(page);
}

InOutTotals PagePool::totals() const { return state_->count.totals(); }

}  // namespace assent
