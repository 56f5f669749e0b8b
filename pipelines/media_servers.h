// MediaServers: the media servers that are asked for calls' media, with the thread that looks after it.
//
// Made when the calls are there; `stop` before they end, since a call that is left off for the next start is not to be
// taken back from its media server. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/step_thread.h"
#include "engine/signalling/subscribed_calls.h"
#include "pipelines/key_log.h"

namespace assent {

class MediaServers {
 public:
  // Takes up the calls in progress.
  MediaServers(CallService& calls, std::function<void(const std::string&)> tell);
  // Hears the keys that rtpengine tells of. Errors as KeyLog::listen.
  Result<void> hear_keys(const Endpoint& local, InbandUse tones);

  CallService& calls() { return subscribed_; }
  void stop() {
    key_log_.reset();
    thread_.reset();
  }
  // What belongs to calls that are over now. After stop.
  void end_what_is_over() { (void)subscribed_.step(read_mono()); }

 private:
  UdpNgClient ng_;
  SubscribedCalls subscribed_;
  std::optional<StepThread> thread_;
  std::unique_ptr<KeyLog> key_log_;
};

}  // namespace assent
