// SubscribedCalls: the live calls, whose legs may be asked for from rtpengine instead of being sent by somebody.
//
// It stands in front of the CallService that has the calls. A call may have all that rtpengine's has (RtpengineCall):
// those who are in it get a leg each, and those who come later. A leg with an RtpengineSource is subscribed to first,
// which says its codec, payload types and source; then the call is made; then rtpengine is told the ports. If any of it
// fails, nothing is left of it anywhere. What has been subscribed to is looked after: when rtpengine has forgotten it
// (it was restarted, and the proxy has offered the call again), it is subscribed to anew, for the same ports; when the
// call is over, however it ended, it is ended.
//
// Any thread; making a call waits for rtpengine, ending one does not. `step` is the one thread that looks after them.
// Errors: those of the calls; Errc::invalid (rtpengine knows no such call or tag, or refuses), Errc::unavailable (it
// does not answer), Errc::unsupported (it sends nothing that is recorded).
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/step_thread.h"
#include "base/time.h"
#include "engine/control/call_service.h"
#include "engine/ingest/inband_dtmf.h"
#include "engine/signalling/logged_key.h"
#include "engine/signalling/rtpengine_subscription.h"

namespace assent {

class SubscribedCalls final : public CallService {
 public:
  using Tell = std::function<void(const std::string&)>;
  // All outlive it. `tell` is told what an operator should know, from any thread.
  SubscribedCalls(CallService& calls, NgClient& ng, Tell tell) : calls_(calls), ng_(ng), tell_(std::move(tell)) {}

  // rtpengine says that somebody pressed a key. It counts where rtpengine's control port has that address, and the
  // leg's keys are not heard otherwise: by events in the media, or by tones, which legs are listened to for. Any
  // thread; waits until it is durable.
  void press(const LoggedKey& key, const Endpoint& from, InbandUse tones);

  // Takes up the calls that are in progress. At start-up.
  void take_up();
  // Looks after all subscriptions; when it wants to be called again, unless `wake_signal` says sooner.
  MonoTime step(MonoTime now);
  WakeSignal& wake_signal() { return wake_; }

  Result<CallView> create_call(const CallSpec& spec, const Caller& caller) override;
  Result<CallView> change_legs(CallId id, const LegsSpec& spec, const Caller& caller) override;
  Result<EndedCall> end_call(CallId id, const Caller& caller) override;

  Result<std::vector<CallView>> calls() override { return calls_.calls(); }
  Result<CallView> call(CallId id) override { return calls_.call(id); }
  Result<CallId> find_call(const std::string& id_or_ref, const std::optional<std::string>& tenant) override {
    return calls_.find_call(id_or_ref, tenant);
  }
  Result<std::vector<ConsentRecordView>> decide(CallId id, const ConsentSpec& spec, const Caller& caller) override {
    return calls_.decide(id, spec, caller);
  }
  Result<CallView> pause(CallId id, const std::string& reason, const Caller& caller) override {
    return calls_.pause(id, reason, caller);
  }
  Result<CallView> resume(CallId id, const std::string& reason, const Caller& caller) override {
    return calls_.resume(id, reason, caller);
  }
  Result<void> change_leg(CallId id, LegId leg, const LegHearing& hearing) override {
    return calls_.change_leg(id, leg, hearing);
  }
  Result<void> remember(CallId id, const std::string& signalled) override { return calls_.remember(id, signalled); }
  Result<void> leave(CallId id, const Departure& who, const Caller& caller) override {
    return calls_.leave(id, who, caller);
  }
  Result<void> press(CallId id, const std::string& participant, char digit, const Caller& caller) override {
    return calls_.press(id, participant, digit, caller);
  }
  Result<void> note_preference(CallId id, const std::string& participant, const std::string& said,
                               const Caller& caller) override {
    return calls_.note_preference(id, participant, said, caller);
  }
  Result<void> withdraw_standing(StandingId standing, const Caller& caller) override {
    return calls_.withdraw_standing(standing, caller);
  }

 private:
  class Asked;  // what was subscribed to for a request, and ends with it unless it is kept
  struct Subscribed {
    LegId leg;
    std::string label;
    RtpengineSource source;
    ReceivingLeg receiving;
    std::string participant;  // ref
    LegPayloads taken;
    bool is_srtp = false;
    bool is_lost = false;  // rtpengine has forgotten it
  };

  Result<void> find_parties(CallSpec& spec);
  void note(CallId id, const std::vector<Subscribed>& looked_after);
  void let_in(CallId id, const std::set<Endpoint>& silent);
  Result<void> ask_for(std::vector<LegSpec>& legs, Asked& asked);
  Result<void> begin(const CallView& view, Asked& asked);
  void keep(const CallView& view);
  void look_after(CallId id, std::set<Endpoint>& silent);
  bool is_ours(CallId id, const std::string& label);
  Result<void> hear(CallId id, const Subscribed& one, const OfferedMedia& offered);
  std::string fingerprint_now(CallId id, LegId leg);  // ReceivingLeg::fingerprint
  Result<void> subscribe_anew(CallId id, Subscribed& one);
  void end(const std::vector<Subscribed>& all, std::set<Endpoint>& silent);

  CallService& calls_;
  NgClient& ng_;
  Tell tell_;
  std::mutex mutex_;
  std::map<CallId, std::vector<Subscribed>> subscribed_;
  std::vector<Subscribed> over_;                          // of calls that have ended
  std::set<std::pair<CallId, std::string>> turned_away_;  // by tag: who came and was not let in; of `step` alone
  WakeSignal wake_;
};

}  // namespace assent
