// Strong<T, Tag>: an integer that is not any other integer. Ids, sequence numbers and ticks of different kinds cannot
// be swapped at a call. It compares and hashes; it has no arithmetic, because most of these quantities wrap.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace assent {

template <typename T, typename Tag>
struct Strong {
  T value{};
  constexpr Strong() = default;
  constexpr explicit Strong(T v) : value(v) {}
  constexpr auto operator<=>(const Strong&) const = default;
};

}  // namespace assent

template <typename T, typename Tag>
struct std::hash<assent::Strong<T, Tag>> {
  std::size_t operator()(const assent::Strong<T, Tag>& s) const noexcept { return std::hash<T>{}(s.value); }
};
