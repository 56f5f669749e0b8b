// Timeline: the exact place of every packet of a leg on a gapless line of samples.
//
// It decides what is a hole, what is rounding and what overlaps; it need not know what the samples are. GStreamer's
// audiorate was not taken for this: packet times are whole milliseconds, a packet need not be (220 samples at 11,025
// Hz), and audiorate either inserts and drops single samples over that or, with a tolerance, forgets short holes. The
// rules here are few enough to prove:
//   1. A packet whose time is within kRounding of where the one before ended follows it without a seam.
//   2. Otherwise it lies where its time says, and what is before it is silence. A hole that is whole packets long to
//      within 1 ms is taken to be whole packets.
//   3. What is taken never goes back: samples that would lie on earlier ones are left out. The line never shrinks.
// Pure; units are samples of the given rate, and nanoseconds in WallTime. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace assent::gst {

// Two times that were each rounded down to a millisecond differ from the true distance by less than one; the other one
// is for a rate whose packets are not whole milliseconds.
inline constexpr nanoseconds kRounding = 2ms;

// Samples in a stretch of time, to the nearest; negative for a negative stretch.
std::int64_t samples_in(nanoseconds time, std::uint32_t rate_hz);

struct Placement {
  std::uint64_t silence = 0;  // samples of silence before the packet
  std::size_t skip = 0;       // samples of the packet left out at its beginning
  std::size_t take = 0;       // samples of it that are laid down after those
};

class Timeline {
 public:
  enum class Begins { afresh, as_continuation };

  // A line of `rate_hz` whose sample 0 is at `origin`; as_continuation when another line ended there, so that rule 1
  // and 2 hold for the first packet, too.
  Timeline(WallTime origin, std::uint32_t rate_hz, Begins begins)
      : origin_(origin), rate_hz_(rate_hz), follows_(begins == Begins::as_continuation) {}

  // Where the next packet goes; the line then ends after it.
  Placement place(WallTime at, std::size_t samples);

  std::uint64_t length() const { return static_cast<std::uint64_t>(end_); }

 private:
  std::int64_t position_of(WallTime at, std::size_t samples) const;

  WallTime origin_;
  std::uint32_t rate_hz_;
  std::int64_t end_ = 0;   // samples laid down, silence included
  std::int64_t next_ = 0;  // where a packet without a seam begins; negative while packets precede the origin
  bool follows_;           // next_ means something
};

}  // namespace assent::gst
