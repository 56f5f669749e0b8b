// Session timers (RFC 4028): what is agreed on for a session, and when something is due.
//
// A session whose client says nothing of timers has none; nobody refreshes it, and a call that nothing is heard of ends
// by its idle timeout. One that can refresh does, every half of the interval; we do only when the client insists
// (refresher=uas). Pure; any thread.
#pragma once

#include <optional>

#include "base/time.h"
#include "engine/signalling/sip/sip_message.h"

namespace assent {

struct SessionTimerRules {
  std::chrono::seconds least{90};       // Min-SE
  std::chrono::seconds usual{30 * 60};  // where the client names none
};

// For a request of theirs; the one that answers. Errc-free: nullopt is 422 (Session Interval Too Small).
struct AgreedTimer {
  std::optional<SessionExpires> expires;  // of the answer, always with a refresher; none: no timer
  bool is_required = false;               // Require: timer stands in the answer (section 9)
};
std::optional<AgreedTimer> agree_on_timer(const SipRequest& request, const SessionTimerRules& rules);

class SessionTimer {
 public:
  SessionTimer() = default;
  // Agreed on, or refreshed, now. `we_refresh`: the refresher is this side.
  void start(std::chrono::seconds interval, bool we_refresh, MonoTime now);
  void stop() { *this = {}; }

  bool runs() const { return interval_.count() > 0; }
  bool we_refresh() const { return we_refresh_; }
  std::chrono::seconds interval() const { return interval_; }

  // Section 10: the refresher does so when half of the interval is over; the other one ends the session before all of
  // it is, by a third of it and at most 32 s.
  bool is_refresh_due(MonoTime now) const;
  bool is_over(MonoTime now) const;
  // After a refresh was sent: the next when this one failed without ending the session.
  void note_refresh(MonoTime now);

 private:
  std::chrono::seconds interval_{0};
  bool we_refresh_ = false;
  MonoTime refresh_at_{};
  MonoTime over_at_{};
};

}  // namespace assent
