// Looks at what sessions were answered, with the test framework's words.
#pragma once

#include <algorithm>
#include <string>

#include "catch.h"
#include "session_rig.h"

namespace assent {

inline SdpSession answered(const SiprecAnswer& answer) {
  CAPTURE(answer.status, answer.reason);
  REQUIRE(answer.status == 200);
  auto sdp = parse_sdp(answer.sdp);
  if (!sdp) FAIL(sdp.error().what);
  return *std::move(sdp);
}

inline void check_refused(const SiprecAnswer& answer, unsigned status, const std::string& words) {
  CAPTURE(answer.reason);
  CHECK(answer.status == status);
  CHECK_THAT(answer.reason, Catch::Contains(words));
  CHECK(answer.sdp.empty());
}

// Whose leg an answered m-line goes to, by its port; "": it is refused; "-": nothing of it is heard.
inline std::string owner_of(SessionRig& rig, const SdpMedia& media) {
  if (media.port == 0) return {};
  const auto& legs = rig.calls.only().view.legs;
  const auto found = std::find_if(legs.begin(), legs.end(),
                                  [&](const LegView& leg) { return !leg.has_ended && leg.port == media.port; });
  return found == legs.end() ? "-" : found->participant;
}

inline std::vector<std::string> owners_of(SessionRig& rig, const SdpSession& answer) {
  std::vector<std::string> owners;
  for (const SdpMedia& media : answer.media) owners.push_back(owner_of(rig, media));
  return owners;
}

inline bool was_asked(const SessionRig& rig, const std::string& words) {
  return std::find(rig.calls.asked.begin(), rig.calls.asked.end(), words) != rig.calls.asked.end();
}

using Owners = std::vector<std::string>;

}  // namespace assent
