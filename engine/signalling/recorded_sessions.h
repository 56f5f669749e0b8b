// RecordedSessions: the recording sessions of SIPREC (RFC 7866) as live calls. It joins what others decide: what a body
// says (session_offer.h), what is to be done for it (session_plan.h), and the calls, which do it.
//
// What a session says of recording is evidence and never consent: a=record and a=recordpref stand on record, and no
// more; but "recordpref:off" is a refusal of whoever speaks there, and "recordpref:pause" pauses the call until
// nobody's side asks for that any more. Where it must choose, it chooses what records less.
//
// A key that INFO tells of is that of the one participant who is no agent; where there is not exactly one, it is
// nobody's, for it does not say whose it is.
//
// Any thread, as SiprecSessions says; one lock guards the table, and none is held while calls are asked. A session that
// is there is a call that is there: at most limits::kRecordingSessions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/control/call_service.h"
#include "engine/signalling/session_plan.h"
#include "engine/signalling/siprec_sessions.h"

namespace assent {

class RecordedSessions final : public SiprecSessions {
 public:
  using Tell = std::function<void(const std::string&)>;
  // `calls` outlives it. `tell` is told what an operator should know, from any thread.
  RecordedSessions(CallService& calls, Tell tell) : calls_(calls), tell_(std::move(tell)) {}

  SiprecAnswer begin(const SiprecOffer& offer) override;
  SiprecAnswer change(const SiprecOffer& offer) override;
  SiprecAnswer inform(const SipDialog& dialog, std::string_view content_type, std::string_view body) override;
  void end(const SipDialog& dialog, std::string_view why) override;
  std::vector<KeptDialog> take_up() override;
  std::vector<SipDialog> ended() override;

 private:
  struct Session {
    CallId call;
    SessionState state;                        // of the requests of this session, which come one at a time
    std::shared_ptr<const SiprecTrunk> trunk;  // none after a restart, until an offer brings it
  };
  using SessionPtr = std::shared_ptr<Session>;

  SessionPtr find(const SipDialog& dialog);
  void forget(const SipDialog& dialog);
  bool keep(const SessionPtr& session);
  SiprecAnswer change(Session& session, const SessionOffer& said);
  SiprecAnswer apply(Session& session, const SessionOffer& said, const CallView& view);
  Result<CallView> carry_out(Session& session, SessionPlan& plan, CallView view);
  Result<void> change_media(Session& session, SessionPlan& plan, const CallView& view);
  Result<void> replace_leg(Session& session, SessionPlan& plan, const CallView& view, const std::string& label);
  Result<void> note_preferences(CallId call, SessionPlan& plan, const Caller& caller);
  void remember(const Session& session, const std::string& before);
  SiprecAnswer press(Session& session, std::string_view body);
  void end_call(CallId call, const Caller& caller);

  CallService& calls_;
  Tell tell_;
  std::mutex mutex_;
  std::map<SipDialog, SessionPtr> sessions_;
  std::map<CallId, Caller> to_end_;  // whose end was asked for and could not be had at once
};

}  // namespace assent
