// RecordingAgent, where sessions are begun and changed: INVITE, re-INVITE and UPDATE.
#include <algorithm>
#include <utility>

#include "engine/signalling/sip/recording_agent.h"

namespace assent {
namespace {

// It points into the request.
SiprecOffer offer_of(const SipRequest& request, const SipSession& session) {
  SiprecOffer offer;
  offer.dialog = session.dialog;
  offer.trunk = session.trunk->calls;
  offer.from = request.source.from;
  offer.content_type = request.content_type;
  offer.body = request.body;
  offer.session_id = request.session_id;
  offer.wants_recording_aware = request.supports("record-aware");
  offer.kept = kept_text(session);
  return offer;
}

Refused refusal_of_interval(const SessionTimerRules& rules) {
  return refuse(SipRefusal::interval, 422, "Session Interval Too Small",
                {{"Min-SE", std::to_string(rules.least.count())}});
}

}  // namespace

// ---- a new session ------------------------------------------------------------------------------------------------

std::optional<Refused> RecordingAgent::refusal_of_session(const SipRequest& invite, const SipTrunk& trunk) const {
  if (is_draining_) return refuse_for_now(SipRefusal::draining, "Going Down");
  if (invite.contact.empty()) return refuse(SipRefusal::malformed, 400, "Missing Contact Header");
  if (invite.record_route.size() > limits::kSipRoutes) return refuse(SipRefusal::malformed, 400, "Too Many Routes");
  if (!trunk.takes_unmarked && !is_for_recording(invite)) {
    return refuse(SipRefusal::not_a_recording, 421, "Extension Required", {{"Require", "siprec"}});
  }
  // RFC 3261 8.2.2.2; also of a session that a restart has outlived.
  if (has_session_of(invite)) return refuse(SipRefusal::merged, 482, "Loop Detected");
  if (sessions_of(trunk) >= trunk.max_sessions) {
    return refuse_for_now(SipRefusal::capacity, "As Many Sessions As The Trunk May Have");
  }
  if (sessions_.size() >= settings_.max_sessions) return refuse_for_now(SipRefusal::capacity, "No Capacity");
  return std::nullopt;
}

RecordingAgent::Reaction RecordingAgent::begin_session(const SipRequest& request, std::shared_ptr<const SipTrunk> trunk,
                                                       MonoTime now) {
  if (auto refused = refusal_of_session(request, *trunk)) return turn_away(request, std::move(*refused));
  const auto timer = agree_on_timer(request, settings_.timer);
  if (!timer) return turn_away(request, refusal_of_interval(settings_.timer));
  SipSession begun = session_of(request, tag_for(request));
  begun.trunk = std::move(trunk);
  begun.contact = contact_for(request);
  if (timer->expires) begun.timer.start(timer->expires->interval, timer->expires->refresher == Refresher::uas, now);
  if (kept_text(begun).size() > limits::kSipKeptBytes) {
    return turn_away(request, refuse(SipRefusal::malformed, 400, "Headers Of The Dialog Too Long"));
  }
  if (!parts_.work.has_room() || !budget_.begin(request.body.size(), now)) {
    return turn_away(request, refuse_for_now(SipRefusal::busy, "Busy"));
  }
  const SipTransactionId transaction(next_id_++);
  begun.offer = transaction;
  SipSession& session = add(std::move(begun));
  invites_.emplace(transaction, session.dialog);
  const auto whole = std::make_shared<const SipRequest>(request);
  ask(
      session, [whole, offer = offer_of(*whole, session)](SiprecSessions& sessions) { return sessions.begin(offer); },
      [this, whole, timer = *timer, now](SipSession& one, const SiprecAnswer& answer) {
        answer_begin(one, *whole, timer, answer, now);
      });
  return {Reaction::Kind::transaction, {}, transaction};
}

void RecordingAgent::answer_begin(SipSession& session, const SipRequest& request, const AgreedTimer& timer,
                                  const SiprecAnswer& answer, MonoTime now) {
  const bool is_there = answer.status < 300;
  if (session.end_after_begin) {
    // It was given up meanwhile. A CANCEL has had its answer; what has none gets it now.
    const SipEnd why = *session.end_after_begin;
    const bool calls_know = !is_there || why == SipEnd::ended_here;
    return end_session(session, why, Bye::none, calls_know ? Calls::know : Calls::are_told);
  }
  if (is_there) {
    session.state = SipSession::State::established;
    return answer_offer(session, request, timer, answer, now);
  }
  tally_.note(SipRefusal::offer);
  parts_.tell(session.trunk->name() + std::to_string(answer.status),
              "SIP: a session of " + session.trunk->name() + " was refused: " + std::to_string(answer.status) + " " +
                  answer.reason);
  SipReply reply = reply_of(answer);
  reply.to_tag = session.dialog.local_tag;
  invites_.erase(*session.offer);
  answer_now(*std::exchange(session.offer, std::nullopt), reply);
  end_session(session, SipEnd::refused, Bye::none, Calls::know);
}

// ---- a session that is there --------------------------------------------------------------------------------------

RecordingAgent::Reaction RecordingAgent::change_session(const SipRequest& request, SipSession& session, MonoTime now) {
  const auto timer = agree_on_timer(request, settings_.timer);
  if (!timer) return turn_away(request, refusal_of_interval(settings_.timer));
  if (session.waiting.size() >= limits::kSipWaitingPerSession || !parts_.work.has_room() ||
      !budget_.begin(request.body.size(), now)) {
    return turn_away(request, refuse_for_now(SipRefusal::busy, "Busy"));
  }
  session.take_target(request);
  const SipTransactionId transaction(next_id_++);
  session.offer = transaction;
  if (request.method == "INVITE") invites_.emplace(transaction, session.dialog);
  const auto whole = std::make_shared<const SipRequest>(request);
  ask(
      session,
      [whole, offer = offer_of(*whole, session)](SiprecSessions& sessions) -> SiprecAnswer {
        // RFC 4028 7.4: an UPDATE without a body refreshes, and changes nothing.
        if (whole->method == "UPDATE" && whole->body.empty()) return {};
        return sessions.change(offer);
      },
      [this, whole, timer = *timer, now](SipSession& one, const SiprecAnswer& answer) {
        answer_offer(one, *whole, timer, answer, now);
      });
  return {Reaction::Kind::transaction, {}, transaction};
}

void RecordingAgent::answer_offer(SipSession& session, const SipRequest& request, const AgreedTimer& timer,
                                  const SiprecAnswer& answer, MonoTime now) {
  if (!session.offer) return;  // a BYE came first, and has answered it
  const SipTransactionId transaction = *std::exchange(session.offer, std::nullopt);
  SipReply reply = reply_of(answer);
  reply.to_tag = session.dialog.local_tag;
  if (answer.status >= 300) {
    tally_.note(SipRefusal::offer);
    invites_.erase(transaction);
    answer_now(transaction, reply);
    // What SiprecSessions does not know any more is over here, too.
    if (answer.status == 481 && session.state == SipSession::State::established) {
      end_session(session, SipEnd::ended_here, Bye::none, Calls::know);
    }
    return;
  }
  for (SipHeader& header : headers_of_offer(session, timer)) reply.headers.push_back(std::move(header));
  if (!answer.sdp.empty()) {
    reply.content_type = "application/sdp";
    reply.body = answer.sdp;
    session.sdp = answer.sdp;
  }
  if (timer.expires) {
    session.timer.start(timer.expires->interval, timer.expires->refresher == Refresher::uas, now);
  } else {
    session.timer.stop();
  }
  if (request.method == "INVITE") session.unacknowledged = transaction;
  answer_now(transaction, reply);
}

std::vector<SipHeader> RecordingAgent::headers_of_offer(const SipSession& session, const AgreedTimer& timer) const {
  std::vector<SipHeader> headers = {{"Contact", "<" + session.contact + ">;+sip.srs"},
                                    {"Allow", std::string(kSipAllow)},
                                    {"Supported", std::string(kSipSupported)},
                                    {"Accept", std::string(kSiprecBodies)}};
  if (timer.is_required) headers.push_back({"Require", "timer"});
  if (timer.expires) {
    const char* refresher = timer.expires->refresher == Refresher::uas ? ";refresher=uas" : ";refresher=uac";
    headers.push_back({"Session-Expires", std::to_string(timer.expires->interval.count()) + refresher});
  }
  return headers;
}

std::string RecordingAgent::contact_for(const SipRequest& request) const {
  const SipSource& source = request.source;
  const SipAddress* best = nullptr;
  for (const SipAddress& address : settings_.addresses) {
    if (address.transport != source.transport) continue;
    if (best == nullptr ||
        (address.endpoint.is_v4() == source.from.is_v4() && best->endpoint.is_v4() != source.from.is_v4())) {
      best = &address;
    }
  }
  ASSENT_CHECK(best != nullptr);  // it came by one of them
  const std::string scheme = request.uri_scheme == "sips" ? "sips:" : "sip:";
  const std::string user = request.uri_user.empty() ? "" : request.uri_user + "@";
  const std::string transport = source.transport == SipTransport::udp || request.uri_scheme == "sips"
                                    ? ""
                                    : ";transport=" + std::string(name_of(source.transport));
  return scheme + user + to_text(best->endpoint) + transport;
}

}  // namespace assent
