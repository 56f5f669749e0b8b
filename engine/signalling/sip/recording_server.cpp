#include "engine/signalling/sip/recording_server.h"

#include <future>
#include <thread>
#include <utility>

namespace assent {
namespace {

// Grows from start to start, and by more than the requests that are sent in between (31 bits: RFC 3261 8.1.1.5).
std::uint32_t first_cseq(WallTime now) {
  const auto since_1970 = std::chrono::floor<seconds>(now.time_since_epoch()).count();
  return static_cast<std::uint32_t>(since_1970) & 0x7FFFFFFF;
}

}  // namespace

RecordingServer::RecordingServer(SiprecSessions& sessions, Settings settings,
                                 std::function<void(const std::string&)> tell)
    : sessions_(sessions),
      settings_(std::move(settings)),
      lines_(std::move(tell)),
      admission_(settings_.trunks, settings_.realm, SecretKey::random()) {}

Result<std::unique_ptr<RecordingServer>> RecordingServer::start(SiprecSessions& sessions, Settings settings,
                                                                std::function<void(const std::string&)> tell) {
  std::unique_ptr<RecordingServer> server(new RecordingServer(sessions, std::move(settings), std::move(tell)));
  auto stack = SofiaStack::start(server->settings_.stack);
  if (!stack) return stack.error();
  server->stack_ = std::move(*stack);
  server->serve();
  return server;
}

void RecordingServer::serve() {
  RecordingAgent::Settings settings;
  for (SipAddress address : stack_->addresses()) {
    if (is_any_address(address.endpoint)) address.endpoint.address = settings_.advertise.address;
    settings.addresses.push_back(address);
  }
  settings.max_sessions = settings_.max_sessions;
  settings.timer = settings_.timer;
  settings.first_cseq = first_cseq(read_clocks().wall);
  settings.transactions = settings_.transactions;
  workers_.emplace(
      sessions_, [this](std::function<void()> task) { stack_->post(std::move(task)); }, settings_.workers);
  const auto tell = [this](const std::string& kind, const std::string& line) { lines_.tell(kind, line, read_mono()); };
  agent_.emplace(RecordingAgent::Parts{admission_, *stack_, *workers_, tell}, std::move(settings), SecretKey::random());
  const std::vector<KeptDialog> kept = sessions_.take_up();
  run_there([&] {
    agent_->take_up(kept, read_mono());
    stack_->serve(*agent_, [this](MonoTime now) { step(now); });
  });
}

void RecordingServer::step(MonoTime now) {
  agent_->step(now);
  if (!looks_ && now - looked_ >= limits::kSipEndedLook) {
    looked_ = now;
    look_for_ended();
  }
  SiprecCounters counters = agent_->counters(now);
  counters.waiting = workers_->waiting();
  const std::lock_guard lock(mutex_);
  counters_ = std::move(counters);
}

void RecordingServer::look_for_ended() {
  looks_ = true;
  const auto ended = std::make_shared<std::vector<SipDialog>>();
  workers_->run(
      [ended](SiprecSessions& sessions) -> SiprecAnswer {
        *ended = sessions.ended();
        return {};
      },
      [this, ended](const SiprecAnswer&) {
        looks_ = false;
        agent_->end(*ended);
      });
}

void RecordingServer::run_there(const std::function<void()>& task) {
  std::promise<void> ran;
  stack_->post([&] {
    task();
    ran.set_value();
  });
  ran.get_future().wait();
}

SiprecCounters RecordingServer::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void RecordingServer::begin_drain() {
  if (!stopped_) run_there([this] { agent_->begin_drain(); });
}

void RecordingServer::end_what_is_over() {
  if (stopped_) return;
  const MonoTime deadline = read_mono() + limits::kSipStopTime;
  const std::vector<SipDialog> ended = sessions_.ended();
  run_there([&] { agent_->end(ended); });
  bool awaits = true;
  while (awaits && read_mono() < deadline) {
    run_there([&] { awaits = agent_->awaits_answers(); });
    if (awaits) std::this_thread::sleep_for(milliseconds(10));
  }
}

void RecordingServer::stop() {
  if (std::exchange(stopped_, true) || stack_ == nullptr) return;
  if (agent_) {
    run_there([this] { agent_->begin_drain(); });
    // What is being begun is answered; its client would not know of it otherwise.
    (void)workers_->finish(limits::kSipStopTime);
    run_there([] {});
  }
  stack_->stop();
  if (workers_) workers_->stop();
}

}  // namespace assent
