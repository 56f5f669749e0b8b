// What a test cannot go on without: the value, or it fails with the error's sentence.
#pragma once

#include <utility>

#include "base/result.h"
#include "catch.h"

namespace assent {

template <typename T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().what);
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  if (!result) FAIL(result.error().what);
}

}  // namespace assent
