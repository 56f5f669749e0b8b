// Brings memory near that is about to be written to, without waiting for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"

namespace assent {

// Every cache line that has some of these bytes. Inlined by force, as whatever calls only this must be: to g++ 12 a
// function that only prefetches is one without effect, whose calls it leaves out.
[[gnu::always_inline]] inline void prefetch_for_writing(const void* from, std::size_t bytes) {
  constexpr int kForWriting = 1;
  const auto* first = static_cast<const std::uint8_t*>(from);
  for (std::size_t i = 0; i < bytes; i += limits::kCacheLineBytes) __builtin_prefetch(first + i, kForWriting);
  __builtin_prefetch(first + bytes - 1, kForWriting);
}

}  // namespace assent
