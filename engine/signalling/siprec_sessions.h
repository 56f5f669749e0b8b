// SiprecSessions: the recording sessions (RFC 7866) that media servers and SBCs have set up here by SIP, and the calls
// they are. What a session recording client offers becomes a call with its legs and participants; what it changes,
// changes them; when it is over, so are they.
//
// It knows bodies and calls, and nothing of SIP's transactions: whoever speaks SIP asks it, and carries the answer
// back. Nothing it answers touches the call that is recorded: at worst that goes on unrecorded.
//
// Any thread; the requests of one session come one at a time, in their order. `begin`, `change` and `end` may block, as
// CallService does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "engine/control/call_service.h"

namespace assent {

// A sender of recording sessions that an operator trusts, as far as calls are concerned; how it is known from others
// is for whoever speaks SIP (SiprecAdmission).
struct SiprecTrunk {
  std::string name;                   // on record as who asked
  std::string tenant;                 // "" is the default tenant
  std::optional<std::string> policy;  // default: the tenant's
  std::optional<Notice> notice;       // what callers of this trunk are told; default: the pipeline's
  std::vector<std::string> agents;    // addresses of record, or domains of them: "@example.com", whose role is "agent"
  std::string agent_role = "agent";   // the role of those, and of all others
  std::string other_role = "customer";
  // Whose packets count as an m-line's. An SBC sends from the address at which it would receive (RFC 3264 section 5.1
  // asks it to name one), though not always from that port; behind a NAT it is another, and the first that sends audio
  // is taken for it.
  enum class MediaFrom { named_address, anywhere } media_from = MediaFrom::named_address;
};

// A dialog (RFC 3261 section 12), by which the session is found again, also after a restart.
struct SipDialog {
  std::string call_id;
  std::string local_tag;
  std::string remote_tag;

  auto operator<=>(const SipDialog&) const = default;
};

// INVITE, re-INVITE or UPDATE, as far as sessions are concerned.
struct SiprecOffer {
  SipDialog dialog;
  std::shared_ptr<const SiprecTrunk> trunk;
  Endpoint from;                  // where the request came from
  std::string_view content_type;  // "multipart/mixed;boundary=foo", "application/sdp", or ""
  std::string_view body;
  std::string session_id;              // RFC 7989, or "" : on record
  bool wants_recording_aware = false;  // Supported or Require: record-aware
  // What whoever speaks SIP has to know to go on with the dialog after a restart, at most 4 KiB: kept with the session,
  // replaced by that of each later offer (unless ""), and given back by `take_up`.
  std::string kept;
};

// A dialog that goes on after a restart.
struct KeptDialog {
  SipDialog dialog;
  std::string kept;
};

// A final response.
struct SiprecAnswer {
  unsigned status = 200;
  std::string reason;  // the status line's phrase; also why, for the log
  std::string sdp;     // application/sdp; "": no body
  std::optional<std::chrono::seconds> retry_after = {};
};

// Which bodies mean anything, in offers and in INFO, as an Accept header has them.
inline constexpr std::string_view kSiprecBodies =
    "application/sdp, multipart/mixed, application/rs-metadata+xml, application/rs-metadata, application/dtmf-relay, "
    "application/dtmf";

class SiprecSessions {
 public:
  virtual ~SiprecSessions() = default;

  // A new session. Any 2xx means that it is there. An offer without SDP is answered by 2xx with an offer of ours only
  // where RFC 3261 wants it; otherwise with 4xx.
  virtual SiprecAnswer begin(const SiprecOffer& offer) = 0;
  // A later offer, or metadata alone, in a session that is there; 481 when it is not. Without SDP in it `sdp` is how
  // the session stands, for a re-INVITE, whose 2xx must have an offer then; an UPDATE's has none.
  virtual SiprecAnswer change(const SiprecOffer& offer) = 0;
  // INFO: keys that somebody pressed (application/dtmf-relay, application/dtmf), or metadata.
  virtual SiprecAnswer inform(const SipDialog& dialog, std::string_view content_type, std::string_view body) = 0;
  // The dialog is over: by BYE, by its session timer, or because the 2xx was never acknowledged.
  virtual void end(const SipDialog& dialog, std::string_view why) = 0;

  // The dialogs of calls that go on after a restart. At start-up.
  virtual std::vector<KeptDialog> take_up() = 0;
  // Dialogs whose calls have ended otherwise (by the API, by an idle timeout, by a refusal that ends calls) since it
  // was last asked: they get a BYE.
  virtual std::vector<SipDialog> ended() = 0;
};

}  // namespace assent
