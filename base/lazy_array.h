// LazyArray: room for many objects at places that never move, which costs memory only where one has been made.
//
// Address space is reserved for all of them; pages come with the first object on them, as huge pages where the system
// has them (madvise(2), MADV_HUGEPAGE), so that a walk over thousands of objects looks up few pages. An object must be
// made with `make` before it is used, and made again for its next user. No thread owns it: as its objects' users agree.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace assent {

template <typename T>
class LazyArray {
  static_assert(std::is_trivially_destructible_v<T>, "nobody destroys them");

 public:
  explicit LazyArray(std::size_t capacity) : capacity_(capacity) {
    void* const memory =
        mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSENT_CHECK(memory != MAP_FAILED);
    (void)madvise(memory, bytes(), MADV_HUGEPAGE);  // or with small ones, where there are none
    objects_ = static_cast<T*>(memory);
  }
  ~LazyArray() { munmap(objects_, bytes()); }
  LazyArray(const LazyArray&) = delete;
  LazyArray& operator=(const LazyArray&) = delete;

  T& make(std::size_t place) {
    ASSENT_CHECK(place < capacity_);
    return *std::construct_at(objects_ + place);
  }
  T& operator[](std::size_t place) { return objects_[place]; }

 private:
  std::size_t bytes() const { return (capacity_ == 0 ? 1 : capacity_) * sizeof(T); }

  std::size_t capacity_;
  T* objects_;
};

}  // namespace assent
