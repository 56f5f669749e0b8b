// SiprecWiring: recording sessions by SIP, as a pipeline file says: the sessions, the trunks with their secrets, the
// certificate, and the server that listens.
//
// Made when calls can be taken; `stop` before they end if they are to go on after a restart, otherwise after
// `end_what_is_over`, which tells the other side that they are over. Any thread, one at a time; `counters`: any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/control/call_service.h"
#include "engine/signalling/sip/recording_server.h"
#include "engine/signalling/siprec_sessions.h"
#include "pipelines/pipeline_config.h"
#include "pipelines/state_folder.h"

namespace assent {

using SipTrunks = std::vector<std::shared_ptr<const SipTrunk>>;
// With their secrets, which are read now. Errors are those of use_secret.
Result<SipTrunks> open_trunks(const pipeline::Siprec& siprec, const StateFolder& state);

class SiprecWiring {
 public:
  struct Parts {
    CallService& calls;
    const StateFolder& state;
    std::function<void(const std::string&)> tell;
  };
  // None: it is not configured. Errors: a secret, a certificate or an address that is not to be had.
  static Result<std::unique_ptr<SiprecWiring>> start(const Parts& parts, const PipelineSettings& settings);

  std::string report() const;  // where it listens
  SiprecCounters counters() const { return server_->counters(); }
  void begin_drain() { server_->begin_drain(); }
  void end_what_is_over() { server_->end_what_is_over(); }
  void stop() { server_->stop(); }

 private:
  SiprecWiring() = default;

  std::unique_ptr<SiprecSessions> sessions_;
  std::unique_ptr<RecordingServer> server_;
  std::vector<pipeline::Siprec::Listener> listeners_;
};

}  // namespace assent
