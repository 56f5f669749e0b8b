// For whoever reads what erasures may have taken: a key or a sealed field that is gone is nothing, and no error; damage
// stays one. Pure; any thread.
#pragma once

#include <optional>
#include <utility>

#include "base/result.h"

namespace assent {

template <typename T>
Result<std::optional<T>> unless_gone(Result<T> opened) {
  if (opened) return std::optional<T>(*std::move(opened));
  if (opened.error().code == Errc::not_found) return std::optional<T>();
  return opened.error();
}

}  // namespace assent
