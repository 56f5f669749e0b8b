// RecordingAgent, where it speaks first: BYE, and the refresh of session timers.
#include <utility>

#include "engine/signalling/sip/recording_agent.h"

namespace assent {
namespace {

constexpr std::chrono::seconds kTimersLook{1};

}  // namespace

void RecordingAgent::end_session(SipSession& session, SipEnd why, Bye bye, Calls calls) {
  if (session.state == SipSession::State::over) return;
  session.state = SipSession::State::over;
  session.timer.stop();
  tally_.note(why);
  // RFC 3261 15.1.2: what is still pending is answered.
  if (session.offer) {
    SipReply reply;
    reply.status = 487;
    reply.phrase = "Request Terminated";
    reply.to_tag = session.dialog.local_tag;
    invites_.erase(*session.offer);
    answer_now(*std::exchange(session.offer, std::nullopt), reply);
  }
  const SipDialog dialog = session.dialog;
  if (calls == Calls::are_told) {
    ask(
        session,
        [dialog, why](SiprecSessions& sessions) -> SiprecAnswer {
          sessions.end(dialog, name_of(why));
          return {};
        },
        [](SipSession&, const SiprecAnswer&) {});
  }
  if (bye == Bye::send && session.unacknowledged) {
    session.bye_after_ack = true;
  } else if (bye == Bye::send) {
    send_bye(session);
  } else if (session.unacknowledged) {
    invites_.erase(*std::exchange(session.unacknowledged, std::nullopt));
  }
  forget_if_over(dialog);
}

void RecordingAgent::send_bye(SipSession& session) {
  session.bye_after_ack = false;
  const SipRequestId request(next_id_++);
  asked_.emplace(request, Asked{session.dialog, false});
  parts_.network.send(request, session.next_request("BYE"));
}

void RecordingAgent::refresh(SipSession& session, MonoTime now) {
  session.timer.note_refresh(now);
  // A re-INVITE has to make an offer: our last answer, again. After a restart there is none.
  if (!session.takes_update && session.sdp.empty()) return;
  SipOutgoing message = session.next_request(session.takes_update ? "UPDATE" : "INVITE");
  message.headers =
      headers_of_offer(session, AgreedTimer{SessionExpires{session.timer.interval(), Refresher::uac}, false});
  message.headers.push_back({"Min-SE", std::to_string(settings_.timer.least.count())});
  if (!session.takes_update) {
    message.content_type = "application/sdp";
    message.body = session.sdp;
  }
  const SipRequestId request(next_id_++);
  session.refresh = request;
  asked_.emplace(request, Asked{session.dialog, true});
  parts_.network.send(request, message);
}

void RecordingAgent::answered(SipRequestId request, const SipOutcome& outcome, MonoTime now) {
  const auto found = asked_.find(request);
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  SipSession* session = asked.is_refresh ? find(asked.dialog) : nullptr;
  if (session == nullptr || session->refresh != request) return;
  session->refresh.reset();
  if (session->state == SipSession::State::established) refreshed(*session, outcome, now);
}

void RecordingAgent::refreshed(SipSession& session, const SipOutcome& outcome, MonoTime now) {
  if (outcome.status >= 200 && outcome.status < 300) {
    if (!outcome.session_expires) return session.timer.stop();  // RFC 4028 7.2: they do not want one any more
    // In their answer to ours, we are the client.
    return session.timer.start(outcome.session_expires->interval, outcome.session_expires->refresher != Refresher::uas,
                               now);
  }
  if (outcome.status == 422 && outcome.min_se && *outcome.min_se > session.timer.interval() &&
      *outcome.min_se <= limits::kSessionExpiresMax) {
    session.timer.start(*outcome.min_se, true, now);
    return refresh(session, now);
  }
  // RFC 4028 10: these say that the session is not there; others are tried again until its time is over.
  if (outcome.status == 481 || outcome.status == 408) {
    end_session(session, SipEnd::gone, Bye::send, Calls::are_told);
  }
}

void RecordingAgent::step(MonoTime now) {
  if (now - looked_ < kTimersLook) return;
  looked_ = now;
  std::vector<SipDialog> due;
  for (const auto& [dialog, session] : sessions_) {
    if (session.state != SipSession::State::established) continue;
    if (session.timer.is_over(now) || (session.timer.is_refresh_due(now) && !session.refresh && !session.offer)) {
      due.push_back(dialog);
    }
  }
  for (const SipDialog& dialog : due) {
    SipSession* session = find(dialog);
    if (session == nullptr) continue;
    if (session->timer.is_over(now)) {
      end_session(*session, SipEnd::expired, Bye::send, Calls::are_told);
    } else {
      refresh(*session, now);
    }
  }
}

void RecordingAgent::take_up(const std::vector<KeptDialog>& dialogs, MonoTime now) {
  for (const KeptDialog& kept : dialogs) {
    auto read = kept_session(
        kept, [this](const std::string& name) { return parts_.admission.trunk(name); }, now);
    if (!read) {
      parts_.tell("take_up", "SIP: " + read.error().what + "; its call goes on until it is idle");
      continue;
    }
    if (read->trunk == nullptr) {
      // A trunk that is not configured any more has nothing to say to it: its call ends, and it is told.
      auto nobody = std::make_shared<SipTrunk>();
      auto calls = std::make_shared<SiprecTrunk>();
      nobody->calls = std::move(calls);
      read->trunk = std::move(nobody);
      end_session(add(std::move(*read)), SipEnd::ended_here, Bye::send, Calls::are_told);
      continue;
    }
    add(std::move(*read));
  }
}

void RecordingAgent::end(const std::vector<SipDialog>& dialogs) {
  for (const SipDialog& dialog : dialogs) {
    SipSession* session = find(dialog);
    if (session == nullptr) continue;
    if (session->state == SipSession::State::beginning) {
      session->end_after_begin = SipEnd::ended_here;
    } else {
      end_session(*session, SipEnd::ended_here, Bye::send, Calls::know);
    }
  }
}

}  // namespace assent
