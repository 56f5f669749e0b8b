#include "bench/load/network_path.h"

namespace assent::load {

milliseconds NetworkPath::jitter() {
  if (impairments_.jitter.count() <= 0) return milliseconds(0);
  return milliseconds(static_cast<std::int64_t>(random_.fraction() * static_cast<double>(impairments_.jitter.count())));
}

Fate NetworkPath::next() {
  bad_ = bad_ ? !random_.happens(impairments_.bad_to_good) : random_.happens(impairments_.good_to_bad);
  Fate fate;
  fate.lost = bad_;
  fate.delay = jitter();
  if (random_.happens(impairments_.reorder)) fate.delay += impairments_.overtaken;
  if (random_.happens(impairments_.duplicate)) fate.again = fate.delay + jitter();
  return fate;
}

std::vector<bool> arriving(NetworkPath path, std::size_t packets) {
  std::vector<bool> arrive(packets);
  for (std::size_t i = 0; i < packets; ++i) arrive[i] = !path.next().lost;
  return arrive;
}

}  // namespace assent::load
