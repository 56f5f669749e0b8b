// Result<T>: an expected failure as a value, with the member names of C++23's std::expected.
//
// A function that can fail for a reason outside our own code returns Result<T>. The Error is made where the failure is
// noticed and says what was wrong, where, and what to do; nothing is thrown on any path a packet takes. CHECK is for
// our own bugs only: nothing that arrives from outside may reach one.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace assent {

// What a caller can do about a failure; the control API maps each to one HTTP status.
enum class Errc {
  invalid,          // the input is wrong; asking again with the same input will fail again
  not_found,        // no such call, leg, recording, key
  conflict,         // right input, wrong state (a call that has ended, a duplicate)
  unauthenticated,  // no token or an unknown one
  denied,           // known, but not allowed: a role, or a purpose nobody consented to
  exhausted,        // a stated bound is reached (calls, ports, locked memory); later may work
  unavailable,      // something we need does not answer now (catalog, journal, shard)
  io,               // the operating system said no
  corrupt,          // bytes that were ours do not verify
  unsupported,      // well-formed, but not something this build does
  overloaded,       // not now: what is in progress comes first (engine/overload)
  disk_full,        // not now: what is left of the disk is kept for what is in progress
  over_quota,       // the tenant has as much as it may have
};

std::string_view name_of(Errc code);

struct Error {
  Errc code = Errc::invalid;
  std::string what;  // one sentence for a person: what, where, what to do
};

// An Error built from errno: "open /var/lib/assent/root.key: Permission denied".
Error os_error(std::string_view doing, int errno_value);

// E is Error unless a module needs a failure with more structure (a place, a kind) than a sentence.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const { return std::get<1>(state_); }

  template <typename U>
  T value_or(U&& fallback) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  std::variant<T, E> state_;
};

template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;
  Result() = default;
  Result(E error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const E& error() const { return *error_; }

 private:
  std::optional<E> error_;
};

inline Error error(Errc code, std::string what) { return Error{code, std::move(what)}; }

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: internal error: %s\n", file, line, condition);
  std::abort();
}

}  // namespace assent

#define ASSENT_CHECK(condition) ((condition) ? void(0) : ::assent::check_failed(#condition, __FILE__, __LINE__))
