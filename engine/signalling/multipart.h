// Bodies of several parts (MIME multipart, RFC 2046 section 5.1; in SIP, RFC 5621), as SIPREC sends a session
// description with its metadata in one.
//
// Bounded: 512 KiB, 16 parts, 16 headers a part. Parts of parts are not opened. Lines may end with LF alone, and the
// last boundary may be missing, as some send it. The parts point into the body. Pure; any thread. Errc::invalid, with
// what is wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assent {

struct BodyPart {
  std::string type;         // "application/sdp": lower case, without parameters
  std::string disposition;  // "session", "recording-session", or ""; likewise
  std::string_view content;
};

// A body with one type, or with several parts, by its Content-Type ("multipart/mixed;boundary=foo"): its parts.
Result<std::vector<BodyPart>> body_parts(std::string_view content_type, std::string_view body);

// The first whose type is this; none: an empty one.
std::string_view part_of_type(const std::vector<BodyPart>& parts, std::string_view type);

}  // namespace assent
