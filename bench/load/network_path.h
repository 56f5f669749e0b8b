// NetworkPath: what a network does to one leg's packets: loses, delays, overtakes, doubles them.
//
// Loss comes in runs (Gilbert 1960, Elliott 1963): in the bad state every packet is lost, in the good one none, and the
// state turns with the two probabilities, so a run lasts 1 / bad_to_good packets. Delay is even between 0 and `jitter`.
// A packet that is overtaken comes one and a half packet times late. The same seed has the same fates, in order of the
// packets' numbers. Pure; one thread.
#pragma once

#include <optional>
#include <vector>

#include "bench/load/numbers.h"
#include "bench/load/random.h"

namespace assent::load {

struct Impairments {
  double good_to_bad = 0;  // probabilities a packet
  double bad_to_good = 1;
  milliseconds jitter{0};
  double reorder = 0;
  double duplicate = 0;
  milliseconds overtaken{30};  // how late a packet comes that others overtake
};

struct Fate {
  bool lost = false;
  milliseconds delay{0};
  std::optional<milliseconds> again;  // and once more, so late
};

class NetworkPath {
 public:
  NetworkPath(const Impairments& impairments, Seed seed, LegNumber leg)
      : impairments_(impairments), random_(key_of(seed, leg, Purpose::path)) {}

  Fate next();

 private:
  milliseconds jitter();

  Impairments impairments_;
  Random random_;
  bool bad_ = false;
};

// Which of a leg's first `packets` arrive.
std::vector<bool> arriving(NetworkPath path, std::size_t packets);

}  // namespace assent::load
