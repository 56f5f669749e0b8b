// RtpTimeline: says when each packet's first sample was, on the wall clock, from its RTP timestamp.
//
// The first packet is placed at its arrival; every later one by its timestamp, to the sample: positions are 64-bit tick
// counts from the anchor, turned into nanoseconds only when asked for, so no rounding adds up. Loss, silence
// suppression, hold and pause are steps in the timestamp and stay holes in time. The timeline never goes backward:
// where timestamps overlap what was placed, packets are laid end to end.
//
// It is anchored anew by arrival when the timestamps disagree with arrival by more than limits::kTimestampJump, or are
// behind it for long (limits::kLateStream), or step back behind the packet before, and when `restart` says that the
// stream is another. An RTCP sender report (RFC 3550
// section 6.4.1) can move the anchor to the sender's own clock, but only when the owner adopts it, which it does where
// a segment begins, so that one segment has one clock. A sender whose clock runs wrong by 100 parts in a million and
// sends no reports is anchored anew every 14 hours.
//
// Pure; the leg's thread. Ticks are of the codec's clock, `clock_rate` of them a second.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "codecs/rtcp.h"
#include "codecs/rtp.h"

namespace assent {

struct TimelineCounts {
  std::uint64_t jumps = 0;  // anchored anew because timestamp and arrival disagreed
  std::uint64_t reports_adopted = 0;
  std::uint64_t reports_ignored = 0;  // implausible, or no different from the present anchor
};

class RtpTimeline {
 public:
  explicit RtpTimeline(std::uint32_t clock_rate) { set_clock_rate(clock_rate); }

  struct Place {
    WallTime at;            // of the first sample
    bool anchored = false;  // the anchor is new with this packet
  };
  // Packets come in media order, without duplicates. `ticks` is how long this one lasts.
  Place place(RtpTimestamp timestamp, std::uint32_t ticks, Now arrived);

  // The place of the packet that follows the latest one without a hole, and when it arrives by its timestamp. Nothing
  // when the latest does not last `ticks`, or was laid behind what was placed before it.
  struct Next {
    RtpTimestamp timestamp;
    WallTime at;
    MonoTime due;
  };
  std::optional<Next> foresee(std::uint32_t ticks) const;
  // Packets that lasted so long in all came as foreseen, the latest then, and are placed.
  void passed(std::uint32_t ticks, MonoTime latest);

  // Whether nothing was placed yet where a packet with this timestamp would begin, nor after that: a packet that was
  // lost may still be placed there.
  bool is_free(RtpTimestamp timestamp) const { return anchored_ && unwrap(timestamp) >= end_ticks_; }

  // When this instant of the media clock was or will be; moves nothing. Arrival where the timeline cannot say.
  WallTime locate(RtpTimestamp timestamp, Now arrived) const;

  // Another stream begins with the next packet: it is anchored by arrival.
  void restart(std::uint32_t clock_rate);

  // The same stream goes on with another clock (RFC 7160), whose timestamps say nothing of those before. The next
  // packet is placed by how much later than expected it comes; that it follows without a hole, where the one before it
  // was not lost and it comes within kSeam of when it should.
  enum class Follows : std::uint8_t { the_packet_before, a_gap };
  void change_clock(std::uint32_t clock_rate, Follows follows);
  static constexpr auto kSeam = std::chrono::milliseconds(30);

  // Keeps the report until it is adopted or a newer one comes. The report must be the stream's own (SSRC).
  void on_sender_report(const SenderReport& report, Now arrived);

  // Moves the anchor to the latest report. True when it moved: the report lies within kReportDistance of arrival and
  // more than kReportDifference from the present anchor.
  bool adopt_sender_report();
  static constexpr auto kReportDistance = std::chrono::seconds(5);
  static constexpr auto kReportDifference = std::chrono::milliseconds(20);

  const TimelineCounts& counts() const { return counts_; }

 private:
  struct Report {
    WallTime wall;           // the sender's clock ...
    RtpTimestamp timestamp;  // ... at this timestamp
    MonoTime arrived;
  };

  void set_clock_rate(std::uint32_t clock_rate);
  nanoseconds duration_of(std::int64_t ticks) const;
  std::int64_t ticks_covering(nanoseconds duration) const;
  std::int64_t unwrap(RtpTimestamp timestamp) const { return last_ticks_ + distance(last_timestamp_, timestamp); }
  WallTime wall_at(std::int64_t ticks) const { return anchor_wall_ + duration_of(ticks - anchor_ticks_); }
  nanoseconds lateness(std::int64_t ticks, MonoTime arrived) const;  // against the timestamp
  bool disagrees(std::int64_t ticks, MonoTime arrived) const;
  bool stays_late(std::int64_t ticks, MonoTime arrived);
  void anchor(RtpTimestamp timestamp, Now arrived);
  void leave_anchor();

  // What every packet touches comes first, in a cache line's worth.
  std::uint32_t clock_rate_;
  std::uint32_t tick_ns_;  // of one tick, 0 when that is no whole number
  bool anchored_ = false;
  bool late_ = false;               // the latest packet, and those before it since late_since_
  RtpTimestamp last_timestamp_;     // of the latest packet, and ...
  std::int64_t last_ticks_ = 0;     // ... the same, unwrapped
  std::int64_t end_ticks_ = 0;      // just after what has been placed: nothing is placed before
  std::int64_t anchor_ticks_ = 0;   // this tick ...
  WallTime anchor_wall_;            // ... was then
  std::int64_t arrival_ticks_ = 0;  // this tick ...
  MonoTime arrival_mono_;           // ... arrived then: what later arrivals are compared with
  MonoTime late_since_;             // while it is not: when the latest packet came
  std::optional<WallTime> floor_;   // end of what was placed before the present anchor
  std::optional<MonoTime> due_;     // when that end would have come, in the same stream
  Follows follows_ = Follows::a_gap;
  std::optional<Report> report_;
  TimelineCounts counts_;
};

}  // namespace assent
