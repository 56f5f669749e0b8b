// SofiaStack: SIP's grammar, transports and transactions (RFC 3261 sections 7, 17 and 18), by sofia-sip's layer nta.
//
// It owns the thread that speaks SIP, the sockets, and each transaction until it is over; what is said in them is the
// RecordingAgent's to decide, which runs on that thread. A request gets a transaction only when the agent says so: all
// others are answered, or dropped, and forgotten. It is the only user of sofia-sip.
//
// Making and stopping: the owner's thread, blocking until it is done. `post`: any thread. The rest: its own thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/signalling/sip/recording_agent.h"

namespace assent {

struct SipListener {
  SipAddress address;                 // port 0: any free one
  bool asks_for_certificate = false;  // of TLS: whoever has none that the CA vouches for gets no connection
};

class SofiaStack final : public SipNetwork {
 public:
  struct Settings {
    std::vector<SipListener> listeners;
    std::string tls_folder;  // with agent.pem (key and certificates) and, to verify others, cafile.pem; "" without TLS
    std::string user_agent;  // of the Server and User-Agent headers
  };
  // Binds all listeners. Errc::io: an address is not to be had, or the certificate not to be used.
  static Result<std::unique_ptr<SofiaStack>> start(Settings settings);
  ~SofiaStack() override;  // stops

  // Where it listens, in the order of the settings.
  const std::vector<SipAddress>& addresses() const;

  // Runs on the stack's thread, in the order in which they came. After `stop` nothing runs any more.
  void post(std::function<void()> task);
  // From now on requests go to this agent, and `step` is called every limits::kSipStep. On its own thread.
  void serve(RecordingAgent& agent, std::function<void(MonoTime)> step);
  // No request is taken, and no answer sent, after it.
  void stop();

  void answer(SipTransactionId transaction, const SipReply& reply) override;
  void send(SipRequestId request, const SipOutgoing& message) override;

 private:
  class Thread;
  explicit SofiaStack(std::unique_ptr<Thread> thread);
  std::unique_ptr<Thread> thread_;
};

}  // namespace assent
