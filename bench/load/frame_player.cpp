#include "bench/load/frame_player.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

#include "bench/load/frame_template.h"
#include "bench/load/thread_cpu.h"

namespace assent::load {
namespace {

// Frames that the kernel makes and brings up together. More cost less each, up to about this many.
constexpr std::uint32_t kBatch = 64;
// A batch in which nothing is due comes up after 64 times this, which is as exact as packets are timed.
constexpr nanoseconds kHold = 1us;
constexpr milliseconds kPoll = 2ms;
constexpr int kEndSignal = SIGUSR2;

// What the kernel's program writes beside us.
template <typename Value>
Value seen(Value& shared) {
  return std::atomic_ref(shared).load(std::memory_order_acquire);
}
template <typename Value>
void show(Value& shared, Value value) {
  std::atomic_ref(shared).store(value, std::memory_order_seq_cst);
}

// A signal ends the call into the kernel only when something takes it.
void take_end_signal() {
  struct sigaction taken {};
  taken.sa_handler = [](int) {};
  sigaction(kEndSignal, &taken, nullptr);
}

}  // namespace

Result<std::unique_ptr<Player>> FramePlayer::create(const PlayerSettings& settings) {
  if (!is_plain(settings.shape)) return error(Errc::invalid, "live frames are of plain streams alone");
  Bytes frame = frame_template(settings.shape.payload_bytes());
  const std::uint32_t ip_sum = template_ip_sum(frame);
  auto pacer = FramePacer::create(std::move(frame));
  if (!pacer) return pacer.error();
  Pace& pace = (*pacer)->pace();
  pace.packet_ns = static_cast<std::uint64_t>(nanoseconds(settings.shape.packet_time).count());
  pace.hold_ns = static_cast<std::uint64_t>(kHold.count());
  pace.packet_ticks = static_cast<std::uint32_t>(settings.shape.payload_bytes());  // G.711: a byte a tick
  pace.ip_sum = ip_sum;
  pace.batch = kBatch;
  return std::unique_ptr<Player>(new FramePlayer(settings, std::move(*pacer)));
}

FramePlayer::~FramePlayer() {
  if (!thread_.joinable()) return;
  show(pacer_->pace().rounds, std::uint32_t{0});
  join();
}

LegNumber FramePlayer::add(const Endpoint& to, Phase phase, SharedSrtpTerms /*srtp*/) {
  const std::lock_guard lock(mutex_);
  const LegNumber number(static_cast<std::uint32_t>(legs_.size()));
  legs_.emplace_back();
  places_ = std::max(places_, phase.of);
  const std::size_t place = phase.at % phase.of;
  taken_.resize(std::max(taken_.size(), place + 1));
  const auto made = paced_leg(settings_.shape, settings_.seed, number, to, static_cast<std::uint32_t>(place));
  // Places that begin while it plays are those that ended: there are no more than at the start.
  if (!made || place >= kPlacesMax || taken_[place]) {
    ++refused_;
    return number;
  }
  taken_[place] = true;
  legs_.back() = {static_cast<std::uint32_t>(place), true, 0};
  PacedLeg& leg = pacer_->leg(place);
  leg = *made;
  show(leg.active, std::uint32_t{1});
  return number;
}

std::size_t FramePlayer::ended(Leg& leg) {
  leg.packets = seen(pacer_->leg(leg.place).packets);
  leg.playing = false;
  taken_[leg.place] = false;
  return leg.packets;
}

std::size_t FramePlayer::end(LegNumber number) {
  std::unique_lock lock(mutex_);
  if (!legs_[number.value].playing) return legs_[number.value].packets;
  show(pacer_->leg(legs_[number.value].place).active, std::uint32_t{0});
  // The program may be at this leg now. Two batches on it is not, and its packet is with the stack.
  const std::uint64_t batches = seen(pacer_->pace().batches);
  lock.unlock();
  while (thread_.joinable() && !returned_.load(std::memory_order_acquire) &&
         seen(pacer_->pace().batches) < batches + 2) {
    std::this_thread::sleep_for(100us);
  }
  lock.lock();
  return ended(legs_[number.value]);
}

void FramePlayer::start(milliseconds duration) {
  Pace& pace = pacer_->pace();
  pace.places = static_cast<std::uint32_t>(std::min<std::size_t>(places_, kPlacesMax));
  pace.rounds = static_cast<std::uint32_t>(duration / settings_.shape.packet_time);
  take_end_signal();
  thread_ = std::thread([this] { play(); });
  pthread_setname_np(thread_.native_handle(), "player");
}

void FramePlayer::play() {
  // Never idle, so it must not be before all others for good: who waits for it would never run. Nearly so is enough.
  const sched_param no_priority{};
  pthread_setschedparam(pthread_self(), SCHED_OTHER, &no_priority);
  setpriority(PRIO_PROCESS, 0, -20);
  Pace& pace = pacer_->pace();
  // The kernel needs a few tens of milliseconds to begin.
  pace.start_ns = static_cast<std::uint64_t>((read_mono() + 100ms).time_since_epoch().count());
  while (seen(pace.finished) == 0) {
    const auto done = pacer_->run();
    if (!done && done.error().code != Errc::unavailable) {
      failure_ = done.error().what;
      break;
    }
  }
  cpu_ = thread_cpu();
  returned_.store(true, std::memory_order_release);
}

void FramePlayer::join() {
  while (!returned_.load(std::memory_order_acquire)) {
    std::this_thread::sleep_for(kPoll);
    if (seen(pacer_->pace().finished) != 0) pthread_kill(thread_.native_handle(), kEndSignal);
  }
  thread_.join();
}

PlayerReport FramePlayer::finish() {
  join();
  const std::lock_guard lock(mutex_);
  for (Leg& leg : legs_) {
    if (leg.playing) (void)ended(leg);
  }
  const Pace& pace = pacer_->pace();
  PlayerReport report;
  report.sent = pace.sent;
  report.refused = refused_;
  for (std::size_t step = 0; step < kLagSteps; ++step) {
    const std::uint64_t packets = pacer_->lags()[step];
    if (packets != 0) report.lag.add(nanoseconds(static_cast<std::int64_t>(step * kLagStepNs)), packets);
  }
  report.lag.add(nanoseconds(static_cast<std::int64_t>(pace.largest_lag_ns)), 0);
  report.cpu = cpu_ - nanoseconds(static_cast<std::int64_t>(pace.waited_ns));
  report.failure = failure_;
  return report;
}

}  // namespace assent::load
