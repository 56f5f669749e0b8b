#include "tools/assent/api_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <nlohmann/json.hpp>

namespace assent {
namespace {

constexpr std::size_t kMostTextBytes = 256U << 20;  // of a JSON reply; a listing is far below
constexpr long kConnectSeconds = 5;
// A reply may wait for segments to be stored; a body that stands still this long has been forgotten.
constexpr long kStillSeconds = 120;

using Json = nlohmann::json;

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

Errc code_of_status(long status) {
  switch (status) {
    case 401: return Errc::unauthenticated;
    case 403: return Errc::denied;
    case 404: return Errc::not_found;
    case 409: return Errc::conflict;
    case 503: return Errc::unavailable;
    default: return Errc::invalid;
  }
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// RFC 9457 problem+json as one sentence, with the wrong fields after it.
Error problem_of(long status, const std::string& body) {
  const auto code = code_of_status(status);
  const Json problem = Json::parse(body, nullptr, false);
  if (!problem.is_object()) return error(code, "the engine refused it (HTTP " + std::to_string(status) + ")");
  std::string what = text_of(problem, "detail");
  if (what.empty()) what = text_of(problem, "title");
  if (what.empty()) what = "the engine refused it (HTTP " + std::to_string(status) + ")";
  if (const auto errors = problem.find("errors"); errors != problem.end() && errors->is_array()) {
    for (const auto& each : *errors) {
      if (!each.is_object()) continue;
      what += "\n  " + text_of(each, "pointer") + ": " + text_of(each, "detail");
    }
  }
  if (status == 401) what += " (give --token, ASSENT_TOKEN, or --state of the engine's folder)";
  return error(code, std::move(what));
}

void start_curl_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  ASSENT_CHECK(started == CURLE_OK);
}

struct EasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

// One request and what becomes of its reply.
struct ApiClient::Exchange {
  std::string method;
  std::string target;
  std::optional<std::string> body;
  const Download* download = nullptr;  // else the reply is collected in `text`

  CURL* easy = nullptr;
  std::string text;
  std::uint64_t received_bytes = 0;
  std::optional<Error> sink_failure;

  long status() const {
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  bool take(ByteView piece) {
    received_bytes += piece.size();
    if (download == nullptr || status() >= 300) {
      if (text.size() + piece.size() > kMostTextBytes) return false;
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return true;
    }
    constexpr long kPartialContent = 206;
    if (download->from != 0 && status() != kPartialContent) {
      sink_failure = error(Errc::conflict, "the engine has something else there by now");
      return false;
    }
    if (auto taken = download->sink(piece); !taken) {
      sink_failure = taken.error();
      return false;
    }
    curl_off_t total = -1;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
    if (download->progress) {
      download->progress(received_bytes, total >= 0 ? std::optional<std::uint64_t>(total) : std::nullopt);
    }
    return true;
  }
};

std::string path_part(std::string_view text) { return percent_encoded(text); }

std::string target_of(std::string_view path, const std::vector<std::pair<std::string_view, std::string>>& query) {
  std::string target(path);
  char before = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    target += before + percent_encoded(name) + "=" + percent_encoded(value);
    before = '&';
  }
  return target;
}

Result<ApiClient> ApiClient::create(const Endpoint& api, std::string token) {
  const bool plain =
      !token.empty() && std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!plain) return error(Errc::invalid, "the token has characters that no token has");
  return ApiClient(api, std::move(token));
}

Result<void> ApiClient::run(Exchange& exchange) {
  start_curl_once();
  const std::unique_ptr<CURL, EasyCleanup> easy(curl_easy_init());
  if (!easy) return error(Errc::unavailable, "no memory for a request");
  exchange.easy = easy.get();
  const std::string url = base_ + exchange.target;
  std::unique_ptr<curl_slist, ListFree> headers(
      curl_slist_append(nullptr, ("Authorization: Bearer " + token_).c_str()));
  if (exchange.body) {
    // libcurl returns the list's head, which stays the one already owned.
    curl_slist_append(headers.get(), "Content-Type: application/json");
  }
  if (exchange.download != nullptr && exchange.download->from != 0) {
    curl_slist_append(headers.get(), ("Range: bytes=" + std::to_string(exchange.download->from) + "-").c_str());
    if (!exchange.download->etag.empty()) {
      curl_slist_append(headers.get(), ("If-Range: " + exchange.download->etag).c_str());
    }
  }
  using Write = std::size_t (*)(char*, std::size_t, std::size_t, void*);
  const Write write = [](char* data, std::size_t size, std::size_t count, void* to) -> std::size_t {
    const std::size_t bytes = size * count;
    const bool taken = static_cast<Exchange*>(to)->take({reinterpret_cast<const std::uint8_t*>(data), bytes});
    return taken ? bytes : 0;
  };

  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_CUSTOMREQUEST, exchange.method.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(easy.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_TIME, kStillSeconds);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, write);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &exchange);
  if (exchange.body) {
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange.body->size()));
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, exchange.body->c_str());
  }

  const CURLcode outcome = curl_easy_perform(easy.get());
  if (exchange.sink_failure) return *exchange.sink_failure;
  if (outcome == CURLE_COULDNT_CONNECT || outcome == CURLE_OPERATION_TIMEDOUT) {
    return error(Errc::unavailable, "no engine answers at " + base_ + " (" + curl_easy_strerror(outcome) +
                                        "): is it running, and is the address right?");
  }
  if (outcome != CURLE_OK) {
    return error(Errc::io, "the answer from " + base_ + " was cut short: " + curl_easy_strerror(outcome));
  }
  const long status = exchange.status();
  if (status < 200 || status >= 300) return problem_of(status, exchange.text);
  return {};
}

Result<std::string> ApiClient::run_for_text(Exchange& exchange) {
  if (auto done = run(exchange); !done) return done.error();
  return std::move(exchange.text);
}

Result<std::string> ApiClient::get(const std::string& target) {
  Exchange exchange{"GET", target};
  return run_for_text(exchange);
}

Result<std::string> ApiClient::post(const std::string& target, const std::string& body) {
  Exchange exchange{"POST", target, body};
  return run_for_text(exchange);
}

Result<std::string> ApiClient::remove(const std::string& target) {
  Exchange exchange{"DELETE", target};
  return run_for_text(exchange);
}

Result<std::uint64_t> ApiClient::download(const std::string& target, const Download& download) {
  Exchange exchange{"GET", target, std::nullopt, &download};
  if (auto done = run(exchange); !done) return done.error();
  return exchange.received_bytes;
}

}  // namespace assent
