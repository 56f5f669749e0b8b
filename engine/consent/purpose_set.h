// Purposes: what a recording may be used for, as bits, and the registry that gives the bits their names.
//
// A pipeline names its purposes once ("quality", "training", "voice-biometrics"); from then on a set of them is one
// word. No purpose ever implies another. A bit means something only together with the registry it came from. Any
// thread: a registry only ever grows at its end, so a bit keeps its name.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/strong.h"

namespace assent {

using Purpose = Strong<std::uint8_t, struct PurposeTag>;  // its place in the registry, below limits::kPurposes

class PurposeSet {
 public:
  constexpr PurposeSet() = default;
  constexpr explicit PurposeSet(std::uint32_t bits) : bits_(bits) {}
  static constexpr PurposeSet of(Purpose purpose) { return PurposeSet(std::uint32_t{1} << purpose.value); }

  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  constexpr bool contains(Purpose purpose) const { return !(*this & of(purpose)).empty(); }
  constexpr bool contains(PurposeSet other) const { return (other - *this).empty(); }

  constexpr PurposeSet operator|(PurposeSet other) const { return PurposeSet(bits_ | other.bits_); }
  constexpr PurposeSet operator&(PurposeSet other) const { return PurposeSet(bits_ & other.bits_); }
  constexpr PurposeSet operator-(PurposeSet other) const { return PurposeSet(bits_ & ~other.bits_); }
  constexpr PurposeSet& operator|=(PurposeSet other) { return *this = *this | other; }
  constexpr PurposeSet& operator&=(PurposeSet other) { return *this = *this & other; }
  constexpr PurposeSet& operator-=(PurposeSet other) { return *this = *this - other; }
  constexpr bool operator==(const PurposeSet&) const = default;

 private:
  std::uint32_t bits_ = 0;
};
static_assert(limits::kPurposes <= 32, "a purpose set is one 32-bit word");

class PurposeRegistry {
 public:
  // Bits are given in the order of `ids`. Errc::invalid: none or too many, one that is empty, too long, not of
  // [a-z0-9-], or there twice.
  static Result<PurposeRegistry> create(std::vector<std::string> ids);

  PurposeRegistry(const PurposeRegistry& other) { *this = other; }
  PurposeRegistry& operator=(const PurposeRegistry& other);
  // One more, at the end; the purpose itself when it is there already. Errc::invalid as of create, Errc::exhausted. One
  // thread at a time; others may read meanwhile.
  Result<Purpose> add(std::string id);

  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  bool operator==(const PurposeRegistry& other) const;  // the same names for the same bits
  PurposeSet all() const;
  std::optional<Purpose> find(std::string_view id) const;
  std::string_view id_of(Purpose purpose) const { return ids_.at(purpose.value); }

  // Errc::invalid names the first id that is not registered. No ids make an empty set.
  Result<PurposeSet> set_of(const std::vector<std::string>& ids) const;
  std::vector<std::string> ids_of(PurposeSet purposes) const;  // in registry order; bits without a name are left out

 private:
  PurposeRegistry() = default;

  std::array<std::string, limits::kPurposes> ids_;  // those below size_ do not change
  std::atomic<std::size_t> size_ = 0;
};

}  // namespace assent
