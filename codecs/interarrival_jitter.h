// InterarrivalJitter: how unevenly a stream's packets arrive (RFC 3550 section 6.4.1, reckoned as in its appendix A.8):
// the mean deviation of the spacing at arrival from the spacing of the timestamps, smoothed over sixteen packets.
//
// It is given packets in the order of their arrival and looks at nothing else of them. Arrival is when the packet was
// seen, so what a sweep of the sockets lasts is in it (engine/ingest): with one every 2 ms, some 0.7 ms. Pure; one
// thread. Times are nanoseconds.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "base/limits.h"
#include "base/time.h"
#include "codecs/rtp.h"

namespace assent {

// What it is after one more deviation from the spacing that was expected.
constexpr std::uint32_t jitter_after(std::uint32_t jitter_ns, std::int64_t deviation_ns) {
  const std::int64_t size = deviation_ns < 0 ? -deviation_ns : deviation_ns;
  return static_cast<std::uint32_t>(jitter_ns + (size - std::int64_t{jitter_ns}) / 16);
}

class InterarrivalJitter {
 public:
  void see(RtpTimestamp timestamp, MonoTime arrival, std::uint32_t clock_rate) {
    if (const auto spacing = since_latest(timestamp, clock_rate); spacing) {
      const nanoseconds deviation = (arrival - arrival_) - *spacing;
      // A stream that was interrupted, or whose timestamps begin anew: that is no jitter.
      if (std::chrono::abs(deviation) <= limits::kTimestampJump) note(jitter_after(jitter_ns_, deviation.count()), 1);
    }
    timestamp_ = timestamp;
    arrival_ = arrival;
    begun_ = true;
  }
  // Packets that lasted so long in all came since, the latest then; what it is now, somebody else has reckoned.
  void passed(std::uint32_t ticks, MonoTime latest, std::uint32_t jitter_ns, std::uint32_t packets) {
    timestamp_.value += ticks;
    arrival_ = latest;
    note(jitter_ns, packets);
  }
  // The next packet belongs to another stream.
  void restart() { begun_ = false; }

  MonoTime latest() const { return arrival_; }
  std::uint32_t now_ns() const { return jitter_ns_; }
  std::uint32_t most_ns() const { return most_ns_; }
  // Of what it was at each packet, or each run of packets that came as expected.
  std::uint32_t mean_ns() const { return packets_ == 0 ? 0 : static_cast<std::uint32_t>(sum_ns_ / packets_); }

 private:
  std::optional<nanoseconds> since_latest(RtpTimestamp timestamp, std::uint32_t clock_rate) const {
    if (!begun_ || clock_rate == 0) return std::nullopt;
    const auto ticks = static_cast<std::int32_t>(timestamp.value - timestamp_.value);
    return nanoseconds(std::int64_t{ticks} * 1'000'000'000 / clock_rate);
  }
  void note(std::uint32_t jitter_ns, std::uint32_t packets) {
    jitter_ns_ = jitter_ns;
    most_ns_ = std::max(most_ns_, jitter_ns);
    sum_ns_ += std::uint64_t{jitter_ns} * packets;
    packets_ += packets;
  }

  RtpTimestamp timestamp_;
  bool begun_ = false;
  std::uint32_t jitter_ns_ = 0;
  std::uint32_t most_ns_ = 0;
  std::uint32_t packets_ = 0;
  MonoTime arrival_;
  std::uint64_t sum_ns_ = 0;
};

}  // namespace assent
