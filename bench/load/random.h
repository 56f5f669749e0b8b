// Random: the same numbers from the same seed on every machine. Pure.
#pragma once

#include <cstdint>

#include "bench/load/numbers.h"
#include "bench/load/split_mix.h"

namespace assent::load {

inline std::uint64_t mixed(std::uint64_t value) { return split_mix(value); }

// What a leg does with a seed for one purpose, so that its purposes do not repeat one another's numbers.
enum class Purpose : std::uint8_t { payload, stream, path };
inline std::uint64_t key_of(Seed seed, LegNumber leg, Purpose purpose) {
  return mixed(mixed(seed.value + static_cast<std::uint64_t>(purpose)) + leg.value);
}

class Random {
 public:
  explicit Random(std::uint64_t key) : state_(key) {}

  std::uint64_t next() { return mixed(state_++); }
  double fraction() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }  // 0 to below 1
  bool happens(double probability) { return probability > 0 && fraction() < probability; }

 private:
  std::uint64_t state_;
};

}  // namespace assent::load
