// RecordingServer: recording sessions by SIP, as a whole: the stack with its thread, the agent that decides, and the
// workers that ask SiprecSessions.
//
// `start` takes up the sessions that are in progress, and returns when it listens. `stop` leaves sessions as they are,
// for the next start; whoever wants them ended ends their calls first, and calls `end_what_is_over`. Any thread, one at
// a time; `counters`: any.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/signalling/sip/rare_lines.h"
#include "engine/signalling/sip/recording_agent.h"
#include "engine/signalling/sip/siprec_workers.h"
#include "engine/signalling/sip/sofia_stack.h"

namespace assent {

class RecordingServer {
 public:
  struct Settings {
    SofiaStack::Settings stack;
    std::vector<std::shared_ptr<const SipTrunk>> trunks;
    std::string realm;
    // What is told to others for an address that is bound to all of a machine's.
    Endpoint advertise;
    std::size_t max_sessions = limits::kSipSessions;
    SessionTimerRules timer;
    std::size_t workers = limits::kSipWorkers;
    TransactionBudget::Most transactions = {};
  };
  // `sessions` outlives it. `tell` is told what an operator should know, on any thread. Errors are SofiaStack's.
  static Result<std::unique_ptr<RecordingServer>> start(SiprecSessions& sessions, Settings settings,
                                                        std::function<void(const std::string&)> tell);
  ~RecordingServer() { stop(); }

  const std::vector<SipAddress>& addresses() const { return stack_->addresses(); }
  SiprecCounters counters() const;
  void begin_drain();  // no new sessions; those that are there go on
  void end_what_is_over();
  void stop();

 private:
  RecordingServer(SiprecSessions& sessions, Settings settings, std::function<void(const std::string&)> tell);
  void serve();
  void step(MonoTime now);
  void look_for_ended();
  // Runs it on the stack's thread, and waits until it has.
  void run_there(const std::function<void()>& task);

  SiprecSessions& sessions_;
  Settings settings_;
  RareLines lines_;
  SipAdmission admission_;
  std::unique_ptr<SofiaStack> stack_;
  std::optional<SiprecWorkers> workers_;
  std::optional<RecordingAgent> agent_;
  MonoTime looked_{};
  bool looks_ = false;
  bool stopped_ = false;
  mutable std::mutex mutex_;
  SiprecCounters counters_;  // as of the last step
};

}  // namespace assent
