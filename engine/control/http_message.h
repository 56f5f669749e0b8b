// One HTTP request and its reply, as the API sees them: values, with no socket and no library behind them. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"

namespace assent {

struct HttpRequest {
  std::string method;                          // "GET", as sent
  std::string path;                            // percent-decoded, without the query; begins with '/'
  std::map<std::string, std::string> query;    // decoded; no name comes twice
  std::map<std::string, std::string> headers;  // names in lower case; values of a repeated name joined with ", "
  std::string body;
  Endpoint peer;
  std::optional<MonoTime> received_at;  // when all of it had been read
};

// A reply's body in pieces. `pull` fills some of the span and returns how much, 0 at the end; it is called by one
// worker at a time and destroyed when the reply is over or the client has gone. After an error the connection is cut,
// so that the client cannot take a part for the whole.
struct BodyStream {
  std::function<Result<std::size_t>(ByteSpan)> pull;
  std::optional<std::uint64_t> length_bytes;  // unknown: sent chunked
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<BodyStream> stream;  // instead of `body`
};

}  // namespace assent
