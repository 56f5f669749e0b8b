// HttpClient: one connection to the engine's API that stays open between requests. It keeps libcurl out of everything
// else. One thread; blocks.
#pragma once

#include <memory>
#include <string>

#include "base/endpoint.h"
#include "base/result.h"

namespace assent::load {

class HttpClient {
 public:
  HttpClient(const Endpoint& api, const std::string& token);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The body of a reply that is a success. Errc::unavailable when nobody answers, Errc::exhausted for 503,
  // Errc::invalid for other refusals, with what the engine said.
  Result<std::string> get(const std::string& target) { return ask("GET", target, nullptr); }
  Result<std::string> post(const std::string& target, const std::string& body) { return ask("POST", target, &body); }
  Result<std::string> remove(const std::string& target) { return ask("DELETE", target, nullptr); }

 private:
  struct Handle;
  Result<std::string> ask(const char* method, const std::string& target, const std::string* body);

  std::string base_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace assent::load
