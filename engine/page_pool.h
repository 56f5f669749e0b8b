// PagePool: ordinary, page-aligned memory for ciphertext on its way to the journal.
//
// Nothing secret is ever in these pages, so they are neither locked nor wiped. The pool is what bounds the audio that
// is sealed and not yet durable: when it is empty, sealing waits. Any thread may take and return pages (takers: seal
// workers, many pages at once; returner: the journal thread), under a lock that a shard never asks for. The page that
// came last goes out next, while the caches still hold it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/in_out_count.h"
#include "base/limits.h"

namespace assent {

using Page = std::array<std::uint8_t, limits::kPageBytes>;

class PagePool;

struct PageReturner {
  PagePool* pool = nullptr;
  void operator()(Page* page) const noexcept;
};
using PageRef = std::unique_ptr<Page, PageReturner>;

class PagePool {
 public:
  explicit PagePool(std::size_t pages);
  ~PagePool();  // every page must have come back
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  PageRef take();  // empty when every page is in use
  // Fills places from the first on; how many.
  std::size_t take(std::span<PageRef> places);
  PageRef adopt(Page* page) { return PageRef(page, PageReturner{this}); }
  std::size_t capacity_pages() const { return capacity_; }
  std::size_t in_use_pages() const { return totals().inside(); }
  InOutTotals totals() const;  // ever taken, and ever come back

 private:
  friend struct PageReturner;
  struct State;
  void give_back(Page* page) noexcept;

  std::unique_ptr<State> state_;
  std::size_t capacity_ = 0;
};

}  // namespace assent
