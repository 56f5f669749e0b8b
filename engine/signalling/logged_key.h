// Keys that rtpengine says were pressed (its dtmf-log-dest): a JSON object a datagram, sent when the key is let go of.
//
//     {"callid": "1@proxy", "source_tag": "as7d", "tags": ["31", "as7d"], "type": "DTMF", "event": 1, "duration": 80,
//     ...}
//
// The event is its number of RFC 4733. What comes from the network is bounded; Errc::invalid when it is none of these.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

struct LoggedKey {
  std::string call_id;  // SIP's
  std::string tag;      // whose key it was
  char key = '0';       // 0-9 * # A-D

  bool operator==(const LoggedKey&) const = default;
};

Result<LoggedKey> logged_key(std::string_view datagram);

}  // namespace assent
