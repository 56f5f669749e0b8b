// MediaServers: the media servers that are asked for calls' media, with the thread that looks after it.
//
// Made when the calls are there; `stop` before they end, since a call that is left off for the next start is not to be
// taken back from its media server. Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/step_thread.h"
#include "engine/signalling/subscribed_calls.h"

namespace assent {

class MediaServers {
 public:
  // Takes up the calls in progress.
  MediaServers(CallService& calls, std::function<void(const std::string&)> tell);

  CallService& calls() { return subscribed_; }
  void stop() { thread_.reset(); }
  // What belongs to calls that are over now. After stop.
  void end_what_is_over() { (void)subscribed_.step(read_mono()); }

 private:
  UdpNgClient ng_;
  SubscribedCalls subscribed_;
  std::optional<StepThread> thread_;
};

}  // namespace assent
