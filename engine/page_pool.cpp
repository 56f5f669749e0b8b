#include "engine/page_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/result.h"

namespace assent {
namespace {

std::size_t mapped_bytes(std::size_t pages) { return (pages + 2) * sizeof(Page); }

}  // namespace

struct PagePool::State {
  std::mutex mutex;         // of `free`
  std::vector<Page*> free;  // taken from its end
  InOutCount count;
  void* memory = nullptr;
};

PagePool::PagePool(std::size_t pages) : state_(std::make_unique<State>()), capacity_(pages) {
  // Anonymous memory is page-aligned and touched only when used: a large bound costs nothing until a disk stalls. A
  // page on either side may not be touched, so that this is a mapping by itself, and nobody's overrun goes further.
  state_->memory = mmap(nullptr, mapped_bytes(pages), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSENT_CHECK(state_->memory != MAP_FAILED);
  auto* first = static_cast<Page*>(state_->memory) + 1;
  ASSENT_CHECK(mprotect(first, pages * sizeof(Page), PROT_READ | PROT_WRITE) == 0);
  state_->free.reserve(pages);
  for (std::size_t i = pages; i > 0; --i) state_->free.push_back(first + i - 1);
}

PagePool::~PagePool() {
  ASSENT_CHECK(in_use_pages() == 0);
  munmap(state_->memory, mapped_bytes(capacity_));
}

PageRef PagePool::take() {
  PageRef page(nullptr, PageReturner{this});
  (void)take(std::span(&page, 1));
  return page;
}

std::size_t PagePool::take(std::span<PageRef> places) {
  const std::lock_guard lock(state_->mutex);
  const std::size_t taken = std::min(places.size(), state_->free.size());
  state_->count.went_in(taken);
  for (PageRef& place : places.first(taken)) {
    place = adopt(state_->free.back());
    state_->free.pop_back();
  }
  return taken;
}

void PagePool::give_back(Page* page) noexcept {
  const std::lock_guard lock(state_->mutex);
  state_->count.came_out();
  state_->free.push_back(page);
}

void PageReturner::operator()(Page* page) const noexcept {
  if (page != nullptr) pool->give_back(page);
}

InOutTotals PagePool::totals() const { return state_->count.totals(); }

}  // namespace assent
