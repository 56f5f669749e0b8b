#include "engine/signalling/sip/recording_agent.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace assent {

RecordingAgent::RecordingAgent(Parts parts, Settings settings, const SecretKey& tag_key)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      tag_key_(tag_key.reveal()),
      budget_(settings_.transactions) {}

// ---- what comes in ------------------------------------------------------------------------------------------------

RecordingAgent::Reaction RecordingAgent::receive(const SipRequest& request, MonoTime now) {
  tally_.note_request(request.method);
  Reaction reaction = react(request, now);
  if (reaction.reply.status != 0) {
    if (reaction.reply.to_tag.empty()) reaction.reply.to_tag = tag_for(request);
    tally_.note_response(reaction.reply.status);
  }
  return reaction;
}

RecordingAgent::Reaction RecordingAgent::react(const SipRequest& request, MonoTime now) {
  // One that belongs to a transaction does not come here; any other answers nothing.
  if (request.method == "ACK") return {};
  SipAdmission::Verdict admitted = parts_.admission.judge(request, now);
  if (admitted.trunk == nullptr) {
    if (admitted.challenge.empty()) return turn_away(request, refuse(SipRefusal::forbidden, 403, "Forbidden"));
    return turn_away(request, refuse(SipRefusal::unauthenticated, 401, "Unauthorized", std::move(admitted.challenge)));
  }
  if (request.method == "CANCEL") {
    return turn_away(request, refuse(SipRefusal::no_dialog, 481, "Call/Transaction Does Not Exist"));
  }
  if (auto refused = refusal_of(request)) return turn_away(request, std::move(*refused));

  SipSession* session = find({request.call_id, request.to_tag, request.from_tag});
  if (session != nullptr && session->state == SipSession::State::over) session = nullptr;
  if (!request.to_tag.empty() && session == nullptr) {
    return turn_away(request, refuse(SipRefusal::no_dialog, 481, "Call/Transaction Does Not Exist"));
  }
  // Whoever has come by a dialog's tags still has to be of its trunk.
  if (session != nullptr && session->trunk != admitted.trunk) {
    return turn_away(request, refuse(SipRefusal::forbidden, 403, "Forbidden"));
  }
  if (request.method == "OPTIONS") {
    if (is_draining_) return turn_away(request, refuse_for_now(SipRefusal::draining, "Going Down"));
    return {Reaction::Kind::reply, answer_to_options(), {}};
  }
  if (session == nullptr) {
    if (request.method != "INVITE") {
      return turn_away(request, refuse(SipRefusal::no_dialog, 481, "Call/Transaction Does Not Exist"));
    }
    return begin_session(request, std::move(admitted.trunk), now);
  }
  if (auto refused = refusal_in_dialog(request, *session)) return turn_away(request, std::move(*refused));
  if (request.method == "BYE") return bye(request, *session, now);
  if (request.method == "INFO") return inform_session(request, *session, now);
  return change_session(request, *session, now);
}

RecordingAgent::Reaction RecordingAgent::turn_away(const SipRequest& request, Refused refused) {
  tally_.note(refused.why);
  if (refused.why != SipRefusal::unauthenticated) {
    parts_.tell(std::string(name_of(refused.why)), "SIP: " + request.method + " from " + to_text(request.source.from) +
                                                       " was refused: " + std::to_string(refused.reply.status) + " " +
                                                       refused.reply.phrase);
  }
  return {Reaction::Kind::reply, std::move(refused.reply), {}};
}

std::optional<Refused> RecordingAgent::refusal_in_dialog(const SipRequest& request, SipSession& session) {
  // RFC 3261 12.2.2
  if (request.cseq <= session.remote_cseq) {
    return refuse(SipRefusal::out_of_order, 500, "CSeq Out Of Order", {{"Retry-After", "1"}});
  }
  session.remote_cseq = request.cseq;
  // Who goes on has had our 2xx, whatever became of its ACK.
  if (session.unacknowledged) invites_.erase(*std::exchange(session.unacknowledged, std::nullopt));
  if (request.method == "BYE") return std::nullopt;
  if (request.method == "INVITE" || request.method == "UPDATE") {
    // RFC 3261 14.2, RFC 3311 5.2: one offer at a time, whoever makes it.
    if (session.refresh) return refuse(SipRefusal::out_of_order, 491, "Request Pending");
    if (session.offer) {
      return refuse(SipRefusal::out_of_order, 500, "Another Offer Is Pending", {{"Retry-After", "1"}});
    }
  }
  if (session.state == SipSession::State::beginning) {
    return refuse(SipRefusal::out_of_order, 500, "The Session Is Being Set Up", {{"Retry-After", "1"}});
  }
  return std::nullopt;
}

RecordingAgent::Reaction RecordingAgent::reply_at_once(const SipRequest& request, SipReply reply, MonoTime now) {
  // Without a transaction, too, the answer is right; only a retransmission that crosses it would find no dialog.
  if (!budget_.begin(request.body.size(), now)) return {Reaction::Kind::reply, std::move(reply), {}};
  return {Reaction::Kind::transaction, std::move(reply), SipTransactionId(next_id_++)};
}

RecordingAgent::Reaction RecordingAgent::bye(const SipRequest& request, SipSession& session, MonoTime now) {
  if (session.state == SipSession::State::beginning) {
    session.end_after_begin = SipEnd::bye;  // the INVITE is answered when it is known to be undone
  } else {
    end_session(session, SipEnd::bye, Bye::none, Calls::are_told);
  }
  SipReply reply;
  reply.status = 200;
  reply.phrase = "OK";
  return reply_at_once(request, std::move(reply), now);
}

RecordingAgent::Reaction RecordingAgent::inform_session(const SipRequest& request, SipSession& session, MonoTime now) {
  if (session.waiting.size() >= limits::kSipWaitingPerSession || !parts_.work.has_room() ||
      !budget_.begin(request.body.size(), now)) {
    return turn_away(request, refuse_for_now(SipRefusal::busy, "Busy"));
  }
  const SipTransactionId transaction(next_id_++);
  ask(
      session,
      [dialog = session.dialog, type = request.content_type, body = request.body](SiprecSessions& sessions) {
        return sessions.inform(dialog, type, body);
      },
      [this, transaction](SipSession&, const SiprecAnswer& answer) { answer_now(transaction, reply_of(answer)); });
  return {Reaction::Kind::transaction, {}, transaction};
}

// ---- INVITE transactions ------------------------------------------------------------------------------------------

void RecordingAgent::acknowledged(SipTransactionId transaction) {
  SipSession* session = session_that_awaits_ack(transaction);
  if (session == nullptr) return;
  session->unacknowledged.reset();
  invites_.erase(transaction);
  if (session->bye_after_ack) return send_late_bye(*session);
}

void RecordingAgent::cancelled(SipTransactionId transaction) {
  const auto invite = invites_.find(transaction);
  SipSession* session = invite == invites_.end() ? nullptr : find(invite->second);
  // A re-INVITE that is being worked on is answered as it comes out: what it changes cannot be taken back.
  if (session == nullptr || session->state != SipSession::State::beginning || session->end_after_begin) return;
  session->end_after_begin = SipEnd::cancelled;
  session->offer.reset();
  invites_.erase(invite);
  SipReply reply;
  reply.status = 487;
  reply.phrase = "Request Terminated";
  reply.to_tag = session->dialog.local_tag;
  answer_now(transaction, reply);
}

void RecordingAgent::unacknowledged(SipTransactionId transaction) {
  SipSession* session = session_that_awaits_ack(transaction);
  invites_.erase(transaction);
  if (session == nullptr) return;
  session->unacknowledged.reset();
  if (session->bye_after_ack) return send_late_bye(*session);
  end_session(*session, SipEnd::unacknowledged, Bye::send, Calls::are_told);  // RFC 3261 13.3.1.4
}

void RecordingAgent::send_late_bye(SipSession& session) {
  const SipDialog dialog = session.dialog;
  send_bye(session);
  forget_if_over(dialog);
}

SipSession* RecordingAgent::session_that_awaits_ack(SipTransactionId transaction) {
  const auto invite = invites_.find(transaction);
  SipSession* session = invite == invites_.end() ? nullptr : find(invite->second);
  return session != nullptr && session->unacknowledged == transaction ? session : nullptr;
}

// ---- what SiprecSessions is asked ---------------------------------------------------------------------------------

void RecordingAgent::ask(SipSession& session, SiprecWork::Job job, Finish finish) {
  session.waiting.push_back([this, dialog = session.dialog, job = std::move(job), finish = std::move(finish)] {
    parts_.work.run(job, [this, dialog, finish](const SiprecAnswer& answer) { done(dialog, finish, answer); });
  });
  if (!session.is_busy) ask_next(session);
}

void RecordingAgent::ask_next(SipSession& session) {
  session.is_busy = true;
  const auto next = std::move(session.waiting.front());
  session.waiting.pop_front();
  next();
}

void RecordingAgent::done(const SipDialog& dialog, const Finish& finish, const SiprecAnswer& answer) {
  SipSession* session = find(dialog);
  ASSENT_CHECK(session != nullptr && session->is_busy);
  session->is_busy = false;
  finish(*session, answer);
  session = find(dialog);
  if (session == nullptr) return;
  if (!session->is_busy && !session->waiting.empty()) return ask_next(*session);
  forget_if_over(SipDialog(dialog));
}

void RecordingAgent::answer_now(SipTransactionId transaction, const SipReply& reply) {
  tally_.note_response(reply.status);
  parts_.network.answer(transaction, reply);
}

SipReply RecordingAgent::reply_of(const SiprecAnswer& answer) const {
  SipReply reply;
  reply.status = answer.status;
  reply.phrase = answer.reason.empty() && answer.status < 300 ? "OK" : answer.reason;
  if (answer.retry_after) reply.headers.push_back({"Retry-After", std::to_string(answer.retry_after->count())});
  return reply;
}

// ---- the sessions -------------------------------------------------------------------------------------------------

SipSession* RecordingAgent::find(const SipDialog& dialog) {
  const auto found = sessions_.find(dialog);
  return found == sessions_.end() ? nullptr : &found->second;
}

bool RecordingAgent::has_session_of(const SipRequest& invite) const {
  for (auto one = sessions_.lower_bound({invite.call_id, "", ""}); one != sessions_.end(); ++one) {
    if (one->first.call_id != invite.call_id) return false;
    if (one->first.remote_tag == invite.from_tag) return true;
  }
  return false;
}

std::size_t RecordingAgent::sessions_of(const SipTrunk& trunk) const {
  const auto found = of_trunk_.find(trunk.name());
  return found == of_trunk_.end() ? 0 : found->second;
}

SipSession& RecordingAgent::add(SipSession session) {
  ++of_trunk_[session.trunk->name()];
  session.local_cseq = settings_.first_cseq;
  const SipDialog dialog = session.dialog;
  return sessions_.insert_or_assign(dialog, std::move(session)).first->second;
}

void RecordingAgent::forget_if_over(const SipDialog& dialog) {
  const auto found = sessions_.find(dialog);
  if (found == sessions_.end()) return;
  const SipSession& session = found->second;
  const bool is_done = session.state == SipSession::State::over && !session.is_busy && session.waiting.empty() &&
                       !session.bye_after_ack && !session.unacknowledged;
  if (!is_done) return;
  --of_trunk_[session.trunk->name()];
  sessions_.erase(found);
}

std::string RecordingAgent::tag_for(const SipRequest& request) const {
  constexpr std::size_t kTagDigits = 24;  // 96 bits, of the 32 that RFC 3261 19.3 asks for
  const std::string separator(1, '\0');
  const HmacSha256 tag = tag_key_.sign({bytes_of(request.call_id), bytes_of(separator), bytes_of(request.from_tag),
                                        bytes_of(separator), bytes_of(std::to_string(request.cseq))});
  return to_hex(tag).substr(0, kTagDigits);
}

SiprecCounters RecordingAgent::counters(MonoTime now) {
  SiprecCounters counters;
  tally_.fill(counters);
  for (const auto& trunk : parts_.admission.trunks()) {
    counters.sessions.emplace_back(trunk->name(), sessions_of(*trunk));
  }
  counters.transactions = budget_.transactions(now);
  return counters;
}

}  // namespace assent
