// The parts of an HTTP request target: the decoded path and the decoded query (RFC 9112 section 3.2, RFC 3986
// section 2.1; a '+' in the query is a space, as forms write it). Pure; any thread. Errc::invalid: a target that is no
// path, a bad percent encoding, a control character, a name that comes twice.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

struct RequestTarget {
  std::string path;
  std::map<std::string, std::string> query;
};
Result<RequestTarget> parse_target(std::string_view target);

}  // namespace assent
