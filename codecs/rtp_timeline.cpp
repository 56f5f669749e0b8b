#include "codecs/rtp_timeline.h"

#include <algorithm>

#include "base/limits.h"

namespace assent {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

struct Split {
  std::int64_t whole;
  std::int64_t rest;  // 0 to unit - 1, also for negative amounts
};
Split split(std::int64_t amount, std::int64_t unit) {
  const std::int64_t rest = ((amount % unit) + unit) % unit;
  return {(amount - rest) / unit, rest};
}

}  // namespace

void RtpTimeline::set_clock_rate(std::uint32_t clock_rate) {
  clock_rate_ = clock_rate;
  tick_ns_ = static_cast<std::uint32_t>(kNsPerSecond % clock_rate == 0 ? kNsPerSecond / clock_rate : 0);
}

// Seconds and the rest are converted apart, so that nothing overflows and nothing is rounded but the last nanosecond.
// Where a tick is a whole number of nanoseconds the product is the same, without four divisions a packet: ticks that
// overflow it are 292 years.
nanoseconds RtpTimeline::duration_of(std::int64_t ticks) const {
  if (tick_ns_ != 0) return nanoseconds(ticks * tick_ns_);
  const auto rate = std::int64_t{clock_rate_};
  const auto [whole, rest] = split(ticks, rate);
  return nanoseconds(whole * kNsPerSecond + rest * kNsPerSecond / rate);
}

// The least count of ticks whose duration is not shorter.
std::int64_t RtpTimeline::ticks_covering(nanoseconds duration) const {
  const auto rate = std::int64_t{clock_rate_};
  const auto [whole, rest] = split(duration.count(), kNsPerSecond);
  return whole * rate + (rest * rate + kNsPerSecond - 1) / kNsPerSecond;
}

nanoseconds RtpTimeline::lateness(std::int64_t ticks, MonoTime arrived) const {
  return (arrived - arrival_mono_) - duration_of(ticks - arrival_ticks_);
}

bool RtpTimeline::disagrees(std::int64_t ticks, MonoTime arrived) const {
  return std::chrono::abs(lateness(ticks, arrived)) > limits::kTimestampJump;
}

// Late since a silence, that is: a delay that grew on the way is none of the clock's.
bool RtpTimeline::stays_late(std::int64_t ticks, MonoTime arrived) {
  const bool was_late = late_;
  late_ = lateness(ticks, arrived) > limits::kLateStream;
  if (late_ && was_late) return arrived - late_since_ >= limits::kLateFor;
  const bool was_silent = arrived - late_since_ > limits::kLateStream;
  late_since_ = late_ && !was_silent ? MonoTime::max() : arrived;
  return false;
}

RtpTimeline::Place RtpTimeline::place(RtpTimestamp timestamp, std::uint32_t ticks, Now arrived) {
  bool fresh = !anchored_;
  if (anchored_) {
    const std::int64_t at = unwrap(timestamp);
    fresh = at < last_ticks_ || disagrees(at, arrived.mono) || stays_late(at, arrived.mono);
    if (fresh) {
      ++counts_.jumps;
      leave_anchor();
    } else {
      last_ticks_ = at;
      last_timestamp_ = timestamp;
    }
  }
  if (fresh) anchor(timestamp, arrived);

  const std::int64_t start = std::max(last_ticks_, end_ticks_);
  end_ticks_ = start + ticks;
  return {wall_at(start), fresh};
}

std::optional<RtpTimeline::Next> RtpTimeline::foresee(std::uint32_t ticks) const {
  if (!anchored_ || end_ticks_ != last_ticks_ + ticks) return std::nullopt;
  return Next{RtpTimestamp(last_timestamp_.value + ticks), wall_at(end_ticks_),
              arrival_mono_ + duration_of(end_ticks_ - arrival_ticks_)};
}

void RtpTimeline::passed(std::uint32_t ticks, MonoTime latest) {
  late_ = false;
  late_since_ = latest;
  last_ticks_ += ticks;
  last_timestamp_ = RtpTimestamp(last_timestamp_.value + ticks);
  end_ticks_ += ticks;
}

// Tick counts begin anew at each anchor by arrival.
void RtpTimeline::anchor(RtpTimestamp timestamp, Now arrived) {
  anchored_ = true;
  late_ = false;
  late_since_ = arrived.mono;
  last_timestamp_ = timestamp;
  last_ticks_ = 0;
  anchor_ticks_ = 0;
  anchor_wall_ = arrived.wall;
  if (due_) {
    const nanoseconds late = arrived.mono - *due_;
    const bool is_seam = follows_ == Follows::the_packet_before && std::chrono::abs(late) <= kSeam;
    anchor_wall_ = is_seam ? *floor_ : *floor_ + late;
    due_.reset();
  }
  arrival_ticks_ = 0;
  arrival_mono_ = arrived.mono;
  end_ticks_ = floor_ ? std::max<std::int64_t>(0, ticks_covering(*floor_ - anchor_wall_)) : 0;
}

void RtpTimeline::leave_anchor() {
  if (anchored_) floor_ = wall_at(end_ticks_);
  anchored_ = false;
  report_.reset();
}

void RtpTimeline::restart(std::uint32_t clock_rate) {
  leave_anchor();
  due_.reset();
  set_clock_rate(clock_rate);
}

void RtpTimeline::change_clock(std::uint32_t clock_rate, Follows follows) {
  if (anchored_) due_ = arrival_mono_ + duration_of(end_ticks_ - arrival_ticks_);
  leave_anchor();
  follows_ = follows;
  set_clock_rate(clock_rate);
}

WallTime RtpTimeline::locate(RtpTimestamp timestamp, Now arrived) const {
  if (!anchored_) return arrived.wall;
  const std::int64_t at = unwrap(timestamp);
  return disagrees(at, arrived.mono) ? arrived.wall : wall_at(at);
}

void RtpTimeline::on_sender_report(const SenderReport& report, Now arrived) {
  const auto wall = wall_time_of(report.ntp);
  if (!wall || std::chrono::abs(*wall - arrived.wall) > kReportDistance) {
    ++counts_.reports_ignored;
    return;
  }
  report_ = Report{*wall, report.timestamp, arrived.mono};
}

bool RtpTimeline::adopt_sender_report() {
  if (!anchored_ || !report_) return false;
  const Report report = *report_;
  report_.reset();
  const std::int64_t ticks = unwrap(report.timestamp);
  const bool plausible = !disagrees(ticks, report.arrived);
  if (!plausible || std::chrono::abs(report.wall - wall_at(ticks)) <= kReportDifference) {
    ++counts_.reports_ignored;
    return false;
  }
  // What was placed keeps its place: where the sender's clock is behind ours, the next packets follow end to end.
  const WallTime end = wall_at(end_ticks_);
  anchor_ticks_ = ticks;
  anchor_wall_ = report.wall;
  end_ticks_ = std::max(end_ticks_, ticks + ticks_covering(end - report.wall));
  ++counts_.reports_adopted;
  return true;
}

}  // namespace assent
