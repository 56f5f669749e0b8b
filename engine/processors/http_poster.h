// HttpPoster: sends POST requests side by side, and gathers their answers. It keeps libcurl out of everything else.
//
// It follows no redirect and uses no proxy, checks certificates against the system's list, takes http and https only,
// and reads at most limits::kProcessorReplyBytes of a reply, which it does not keep: the status is the answer. It
// retries nothing. One thread; `wake`: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace assent {

struct HttpPost {
  std::uint64_t number = 0;  // the caller's, to know the answer by
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  milliseconds timeout{};  // of all of it
};

struct HttpAnswer {
  std::uint64_t number = 0;
  unsigned status = 0;  // 0: there was none, and `trouble` says why
  std::string trouble;
};

class HttpPoster {
 public:
  HttpPoster();
  ~HttpPoster();  // drops what is under way
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  void start(HttpPost post);
  // Moves everything on; returns with what has been answered, when something was, after `most`, or when woken.
  std::vector<HttpAnswer> wait(milliseconds most);
  void wake();

 private:
  struct Exchange;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assent
