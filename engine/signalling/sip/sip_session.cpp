#include "engine/signalling/sip/sip_session.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace assent {
namespace {

using nlohmann::json;

template <typename T>
bool take(const json& object, const char* key, T& value) {
  const auto found = object.find(key);
  if (found == object.end()) return false;
  try {
    value = found->get<T>();
  } catch (const json::exception&) {
    return false;
  }
  return true;
}

}  // namespace

std::string_view name_of(SipEnd end) {
  constexpr std::string_view kNames[kSipEnds] = {"bye",           "cancelled", "refused", "expired", "unacknowledged",
                                                 "ended_by_call", "gone"};
  return kNames[static_cast<std::size_t>(end)];
}

SipOutgoing SipSession::next_request(std::string method) {
  SipOutgoing request;
  request.method = std::move(method);
  request.target = target;
  request.route = route;
  request.call_id = dialog.call_id;
  request.from = local;
  request.to = remote;
  request.cseq = ++local_cseq;
  return request;
}

void SipSession::take_target(const SipRequest& request) {
  if (!request.contact.empty()) target = request.contact;
  if (!request.allow.empty()) {
    takes_update = std::find(request.allow.begin(), request.allow.end(), "UPDATE") != request.allow.end();
  }
}

SipSession session_of(const SipRequest& invite, std::string local_tag) {
  SipSession session;
  session.local = invite.to + ";tag=" + local_tag;
  session.remote = invite.from;
  session.dialog = {invite.call_id, std::move(local_tag), invite.from_tag};
  session.route = invite.record_route;
  session.remote_cseq = invite.cseq;
  session.take_target(invite);
  return session;
}

std::string kept_text(const SipSession& session) {
  json object = {{"trunk", session.trunk == nullptr ? "" : session.trunk->name()},
                 {"local", session.local},
                 {"remote", session.remote},
                 {"target", session.target},
                 {"contact", session.contact},
                 {"route", session.route},
                 {"remote_cseq", session.remote_cseq},
                 {"takes_update", session.takes_update},
                 {"expires_s", session.timer.interval().count()},
                 {"we_refresh", session.timer.we_refresh()}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<SipSession> kept_session(const KeptDialog& kept,
                                const std::function<std::shared_ptr<const SipTrunk>(const std::string&)>& trunk_named,
                                MonoTime now) {
  const json object = json::parse(kept.kept, nullptr, false);
  SipSession session;
  session.dialog = kept.dialog;
  session.state = SipSession::State::established;
  std::string trunk;
  std::int64_t expires_s = 0;
  bool we_refresh = false;
  const bool all = object.is_object() && take(object, "trunk", trunk) && take(object, "local", session.local) &&
                   take(object, "remote", session.remote) && take(object, "target", session.target) &&
                   take(object, "contact", session.contact) && take(object, "route", session.route) &&
                   take(object, "remote_cseq", session.remote_cseq) &&
                   take(object, "takes_update", session.takes_update) && take(object, "expires_s", expires_s) &&
                   take(object, "we_refresh", we_refresh);
  if (!all || expires_s < 0 || seconds(expires_s) > limits::kSessionExpiresMax) {
    return error(Errc::invalid, "what was kept of the SIP dialog " + kept.dialog.call_id + " cannot be read");
  }
  session.trunk = trunk_named(trunk);
  if (expires_s > 0) session.timer.start(seconds(expires_s), we_refresh, now);
  return session;
}

}  // namespace assent
