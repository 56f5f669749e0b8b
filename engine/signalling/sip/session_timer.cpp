#include "engine/signalling/sip/session_timer.h"

#include <algorithm>

namespace assent {

std::optional<AgreedTimer> agree_on_timer(const SipRequest& request, const SessionTimerRules& rules) {
  const bool they_can = request.supports("timer");
  if (!request.session_expires) {
    if (!they_can) return AgreedTimer{};
    const auto interval = std::max({rules.usual, rules.least, request.min_se.value_or(seconds(0))});
    return AgreedTimer{SessionExpires{interval, Refresher::uac}, true};
  }
  SessionExpires expires = *request.session_expires;
  if (expires.interval < rules.least) {
    if (they_can) return std::nullopt;
    expires.interval = rules.least;  // section 9: only one who knows the header can be told to ask for more
  }
  // Section 9, table 2: who cannot refresh is not asked to.
  if (!they_can) {
    expires.refresher = Refresher::uas;
  } else if (expires.refresher == Refresher::none) {
    expires.refresher = Refresher::uac;
  }
  return AgreedTimer{expires, expires.refresher == Refresher::uac};
}

void SessionTimer::start(std::chrono::seconds interval, bool we_refresh, MonoTime now) {
  interval_ = interval;
  we_refresh_ = we_refresh;
  refresh_at_ = now + interval / 2;
  over_at_ = now + interval - std::min<std::chrono::seconds>(interval / 3, seconds(32));
}

bool SessionTimer::is_refresh_due(MonoTime now) const { return runs() && we_refresh_ && now >= refresh_at_; }

bool SessionTimer::is_over(MonoTime now) const { return runs() && now >= over_at_; }

void SessionTimer::note_refresh(MonoTime now) { refresh_at_ = now + std::max(interval_ / 8, seconds(1)); }

}  // namespace assent
