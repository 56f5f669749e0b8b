// SiprecWorkers: asks SiprecSessions on threads of its own, since that waits for the disk, and brings the answers back
// to the thread that speaks SIP.
//
// Producer: that thread. Consumers: the workers, under one mutex. Bounded: `has_room` says no from limits::kSipWaiting
// on; what has to be done all the same is bounded by the sessions. `stop` finishes what is under way and drops what
// waits.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/signalling/sip/recording_agent.h"

namespace assent {

class SiprecWorkers final : public SiprecWork {
 public:
  using Post = std::function<void(std::function<void()>)>;
  // `post` runs something on the agent's thread.
  SiprecWorkers(SiprecSessions& sessions, Post post, std::size_t workers = limits::kSipWorkers);
  ~SiprecWorkers() override { stop(); }
  SiprecWorkers(const SiprecWorkers&) = delete;
  SiprecWorkers& operator=(const SiprecWorkers&) = delete;

  bool has_room() const override;
  void run(Job job, Done done) override;
  std::size_t waiting() const;
  // Until all that was asked is done, or for so long; whether it is.
  bool finish(milliseconds patience);
  void stop();

 private:
  struct Task {
    Job job;
    Done done;
  };
  void work();

  SiprecSessions& sessions_;
  Post post_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  std::deque<Task> tasks_;
  std::size_t working_ = 0;
  bool stops_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace assent
