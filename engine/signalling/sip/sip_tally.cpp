#include "engine/signalling/sip/sip_tally.h"

#include <algorithm>

namespace assent {

std::string_view name_of(SipRefusal refusal) {
  constexpr std::string_view kNames[kSipRefusals] = {"malformed", "forbidden",  "unauthenticated", "method",
                                                     "body",      "uri_scheme", "extension",       "not_a_recording",
                                                     "interval",  "no_dialog",  "merged",          "out_of_order",
                                                     "capacity",  "busy",       "draining",        "offer"};
  return kNames[static_cast<std::size_t>(refusal)];
}

void SipTally::note_request(std::string_view method) {
  const auto* found = std::find(kMethods.begin(), kMethods.end() - 1, method);
  ++requests_[static_cast<std::size_t>(found - kMethods.begin())];
}

void SipTally::note_response(unsigned status) {
  if (status >= 100 && status <= 699) ++responses_[status / 100 - 1];
}

void SipTally::fill(SiprecCounters& counters) const {
  for (std::size_t i = 0; i < kMethods.size(); ++i) counters.requests.emplace_back(kMethods[i], requests_[i]);
  for (std::size_t i = 0; i < responses_.size(); ++i) {
    counters.responses.emplace_back(std::to_string(i + 1) + "xx", responses_[i]);
  }
  for (std::size_t i = 0; i < kSipRefusals; ++i) {
    counters.refused.emplace_back(name_of(static_cast<SipRefusal>(i)), refused_[i]);
  }
  for (std::size_t i = 0; i < kSipEnds; ++i) counters.ended.emplace_back(name_of(static_cast<SipEnd>(i)), ended_[i]);
}

}  // namespace assent
