#include "pipelines/gst/timeline.h"

#include <algorithm>
#include <cstdlib>

namespace assent::gst {

std::int64_t samples_in(nanoseconds time, std::uint32_t rate_hz) {
  constexpr std::int64_t kSecond = 1000000000;
  const auto whole = std::chrono::floor<seconds>(time);
  const auto rest_ns = (time - whole).count();
  // The fraction first, so that no product leaves 64 bits at any rate and for any time a WallTime can hold.
  return whole.count() * rate_hz + (rest_ns * rate_hz + kSecond / 2) / kSecond;
}

std::int64_t Timeline::position_of(WallTime at, std::size_t samples) const {
  const auto by_time = samples_in(at - origin_, rate_hz_);
  if (!follows_) return by_time;
  const auto hole = by_time - next_;
  if (std::abs(hole) < samples_in(kRounding, rate_hz_)) return next_;
  const auto packet = static_cast<std::int64_t>(std::max<std::size_t>(samples, 1));
  const auto whole = (hole + packet / 2) / packet * packet;
  const bool is_whole_packets = hole > 0 && std::abs(hole - whole) <= samples_in(1ms, rate_hz_);
  return next_ + (is_whole_packets ? whole : hole);
}

Placement Timeline::place(WallTime at, std::size_t samples) {
  const auto begin = position_of(at, samples);
  const auto end = begin + static_cast<std::int64_t>(samples);
  next_ = follows_ ? std::max(end, next_) : end;
  follows_ = true;
  if (end <= end_) return {0, samples, 0};
  Placement placement;
  placement.silence = static_cast<std::uint64_t>(std::max<std::int64_t>(begin - end_, 0));
  placement.skip = static_cast<std::size_t>(std::max<std::int64_t>(end_ - begin, 0));
  placement.take = samples - placement.skip;
  end_ = end;
  return placement;
}

}  // namespace assent::gst
