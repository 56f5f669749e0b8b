// Keys that somebody pressed, as INFO tells of them: "Signal=1\r\nDuration=160" (application/dtmf-relay), or the key
// alone (application/dtmf). Some send the names of one in the other, or 10 and 11 for '*' and '#', the numbers of
// RFC 4733; all of it is taken. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"

namespace assent {

// One of 0-9 * # A-D. Errc::invalid: it names none.
Result<char> pressed_key(std::string_view body);

}  // namespace assent
