// SipSession: one recording session as SIP sees it: its dialog (RFC 3261 section 12), what is under way in it, and when
// it is over. What it records is SiprecSessions' to know.
//
// What a restart has to leave of it goes through `kept_text`. Pure; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/strong.h"
#include "engine/signalling/sip/session_timer.h"
#include "engine/signalling/sip/sip_admission.h"

namespace assent {

// A request of theirs that awaits its answer; a request of ours.
using SipTransactionId = Strong<std::uint64_t, struct SipTransactionTag>;
using SipRequestId = Strong<std::uint64_t, struct SipRequestTag>;

enum class SipEnd { bye, cancelled, refused, expired, unacknowledged, ended_here, gone };
inline constexpr std::size_t kSipEnds = 7;
std::string_view name_of(SipEnd end);

struct SipSession {
  SipDialog dialog;
  std::shared_ptr<const SipTrunk> trunk;
  std::string local, remote;       // From and To of our requests
  std::string target;              // where they go
  std::vector<std::string> route;  // by way of these
  std::string contact;             // ours
  std::uint32_t remote_cseq = 0;
  std::uint32_t local_cseq = 0;
  bool takes_update = false;  // the client, by its Allow
  SessionTimer timer;

  enum class State { beginning, established, over } state = State::beginning;
  std::optional<SipTransactionId> offer;           // INVITE or UPDATE that is being worked on
  std::optional<SipTransactionId> unacknowledged;  // INVITE whose 2xx awaits its ACK
  std::optional<SipEnd> end_after_begin;           // it was given up while it began
  bool bye_after_ack = false;                      // no BYE of ours may come before (section 15)
  std::optional<SipRequestId> refresh;
  std::string sdp;  // our last, which a refresh repeats

  // What SiprecSessions is asked comes one at a time.
  bool is_busy = false;
  std::deque<std::function<void()>> waiting;

  // The header of a request of ours in it, as its next.
  SipOutgoing next_request(std::string method);
  // Of a request that may change where ours go (section 12.2.2).
  void take_target(const SipRequest& request);
};

// A session that a first INVITE makes, with our tag.
SipSession session_of(const SipRequest& invite, std::string local_tag);

std::string kept_text(const SipSession& session);
// With the trunk that `trunk_named` finds for a name, which may be none. Errc::invalid: not such a text.
Result<SipSession> kept_session(const KeptDialog& kept,
                                const std::function<std::shared_ptr<const SipTrunk>(const std::string&)>& trunk_named,
                                MonoTime now);

}  // namespace assent
