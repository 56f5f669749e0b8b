// ApiClient: the engine's HTTP API from outside: requests, and problems turned into sentences.
//
// It keeps libcurl out of everything else. It retries nothing and follows no redirect or proxy: the engine is on this
// machine or behind an address that was given. One thread at a time; blocks as long as the engine does.
//
// Errors: Errc::unavailable (nobody answers there), unauthenticated (401), denied (403), not_found (404), conflict
// (409), invalid (other refusals of what was asked), io (an answer cut short), and those of a sink.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"

namespace assent {

// A path with its query, percent-encoded (RFC 3986 section 2.1). Parameters with empty values are left out.
std::string target_of(std::string_view path, const std::vector<std::pair<std::string_view, std::string>>& query);

// Text that stands in a path as one part of it, percent-encoded.
std::string path_part(std::string_view text);

class ApiClient {
 public:
  // Errc::invalid when the token is not one that can stand in a header.
  static Result<ApiClient> create(const Endpoint& api, std::string token);

  // Each returns the reply's body, which is JSON.
  Result<std::string> get(const std::string& target);
  Result<std::string> post(const std::string& target, const std::string& body);
  Result<std::string> remove(const std::string& target);

  struct Download {
    std::function<Result<void>(ByteView)> sink;  // takes the body in pieces, only of a reply that is a success
    std::function<void(std::uint64_t so_far, std::optional<std::uint64_t> total)> progress;
    // Where to begin, in bytes: of a reply that is the rest of what has this ETag, or Errc::conflict.
    std::uint64_t from = 0;
    std::string etag = {};
  };
  Result<std::uint64_t> download(const std::string& target, const Download& download);  // bytes

 private:
  ApiClient(const Endpoint& api, std::string token) : base_("http://" + to_text(api)), token_(std::move(token)) {}
  struct Exchange;
  Result<void> run(Exchange& exchange);
  Result<std::string> run_for_text(Exchange& exchange);

  std::string base_;
  std::string token_;
};

}  // namespace assent
