#include "bench/load/socket_player.h"

#include <pthread.h>
#include <time.h>

#include "bench/load/thread_cpu.h"

namespace assent::load {
namespace {

void sleep_until(MonoTime at) {
  const auto ns = at.time_since_epoch().count();
  const timespec when{ns / 1'000'000'000, ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
}

}  // namespace

Result<std::unique_ptr<Player>> SocketPlayer::create(const PlayerSettings& settings) {
  const std::size_t trailer_bytes = settings.srtp ? tag_bytes(*settings.srtp) : 0;
  auto out = UdpOut::create(kRtpHeaderBytes + settings.shape.payload_bytes() + trailer_bytes);
  if (!out) return out.error();
  std::optional<SealedLegs> sealed;
  if (settings.srtp) {
    auto made = SealedLegs::create(settings.legs);
    if (!made) return made.error();
    sealed = std::move(*made);
  }
  return std::unique_ptr<Player>(new SocketPlayer(settings, std::move(*out), std::move(sealed)));
}

SocketPlayer::SocketPlayer(const PlayerSettings& settings, UdpOut out, std::optional<SealedLegs> sealed)
    : settings_(settings),
      pattern_(settings.seed),
      schedule_(settings.shape, settings.impairments, settings.seed),
      out_(std::move(out)),
      sealed_(std::move(sealed)) {}

SocketPlayer::~SocketPlayer() {
  if (!thread_.joinable()) return;
  finish_soon();
  thread_.join();
}

void SocketPlayer::finish_soon() {
  const std::lock_guard lock(mutex_);
  finish_ = true;
  asked_.store(true, std::memory_order_release);
}

LegNumber SocketPlayer::add(const Endpoint& to, Phase phase, SharedSrtpTerms srtp) {
  const auto after = static_cast<std::int64_t>(static_cast<std::size_t>(settings_.shape.packet_time.count()) *
                                               (phase.at % phase.of) / phase.of);
  const std::lock_guard lock(mutex_);
  const LegNumber leg(legs_++);
  begin_.push_back({leg, to, milliseconds(after), std::move(srtp)});
  asked_.store(true, std::memory_order_release);
  return leg;
}

std::size_t SocketPlayer::end(LegNumber leg) {
  End end{leg, std::nullopt};
  std::unique_lock lock(mutex_);
  end_.push_back(&end);
  asked_.store(true, std::memory_order_release);
  obeyed_.wait(lock, [&] { return end.packets.has_value(); });
  return *end.packets;
}

void SocketPlayer::start(milliseconds duration) {
  duration_ = duration;
  thread_ = std::thread([this] { play(); });
  pthread_setname_np(thread_.native_handle(), "player");
}

PlayerReport SocketPlayer::finish() {
  thread_.join();
  PlayerReport report;
  report.sent = out_.sent();
  report.lost = schedule_.counts().lost;
  report.duplicated = schedule_.counts().duplicated;
  report.refused = out_.refused();
  report.lag = std::move(lag_);
  report.cpu = cpu_;
  return report;
}

void SocketPlayer::play() {
  // Who is there from the beginning costs no packet its time.
  if (asked_.exchange(false, std::memory_order_acquire)) obey(Slot(0));
  start_ = read_mono() + 20ms;
  bool finishing = false;
  const auto slots = static_cast<std::uint64_t>(duration_ / kSlotTime);
  for (Slot slot(0); !finishing || schedule_.is_delaying(); slot = Slot(slot.value + 1)) {
    sleep_until(start_ + slot.value * kSlotTime);
    if (slot.value == slots) finish_soon();
    if (asked_.exchange(false, std::memory_order_acquire)) {
      obey(slot);
      const std::lock_guard lock(mutex_);
      if (finish_ && !finishing) {
        for (std::uint32_t leg = 0; leg < legs_; ++leg) (void)schedule_.end(LegNumber(leg));
        finishing = true;
      }
    }
    send_due(slot);
  }
  cpu_ = thread_cpu();
}

void SocketPlayer::obey(Slot slot) {
  const std::lock_guard lock(mutex_);
  const auto packet_ms = static_cast<std::uint64_t>(settings_.shape.packet_time / kSlotTime);
  for (const Begin& each : begin_) {
    out_.add(each.leg, each.to);
    // The next millisecond, from this one on, that has the leg's phase.
    const auto phase = static_cast<std::uint64_t>(each.phase / kSlotTime);
    const std::uint64_t wait = (phase + packet_ms - slot.value % packet_ms) % packet_ms;
    schedule_.begin(each.leg, Slot(slot.value + wait));
    if (sealed_) sealed_->begin(each.leg, *each.srtp);
  }
  begin_.clear();
  for (End* each : end_) {
    each->packets = schedule_.end(each->leg);
    if (sealed_) sealed_->end(each->leg);
  }
  end_.clear();
  obeyed_.notify_all();
}

void SocketPlayer::send_due(Slot slot) {
  departures_.clear();
  schedule_.take(slot, departures_);
  if (departures_.empty()) return;
  const MonoTime due = start_ + slot.value * kSlotTime;
  for (std::size_t done = 0; done < departures_.size();) {
    // In parts, so that the lag of the first is not that of the last.
    const std::size_t until = std::min<std::size_t>(departures_.size(), done + 256);
    const std::size_t first = done;
    for (; done < until; ++done) {
      const Departure& departure = departures_[done];
      const ByteSpan datagram = out_.put(departure.leg);
      pattern_.fill(departure.leg, departure.packet,
                    datagram.subspan(kRtpHeaderBytes, settings_.shape.payload_bytes()));
      write_rtp(schedule_.header(departure), {}, datagram);
      if (sealed_) sealed_->add(departure.leg, datagram);
    }
    if (sealed_) sealed_->seal();
    out_.flush();
    lag_.add(read_mono() - due, done - first);
  }
}

}  // namespace assent::load
