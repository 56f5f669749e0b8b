#include "bench/load/http_client.h"

#include <curl/curl.h>

namespace assent::load {
namespace {

constexpr long kLongestSeconds = 300;

void start_curl_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  ASSENT_CHECK(started == CURLE_OK);
}

std::size_t collect(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

}  // namespace

struct HttpClient::Handle {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;

  ~Handle() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
};

HttpClient::HttpClient(const Endpoint& api, const std::string& token)
    : base_("http://" + to_text(api)), handle_(std::make_unique<Handle>()) {
  start_curl_once();
  handle_->easy = curl_easy_init();
  ASSENT_CHECK(handle_->easy != nullptr);
  handle_->headers = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
  curl_slist_append(handle_->headers, "Content-Type: application/json");
}

HttpClient::~HttpClient() = default;

Result<std::string> HttpClient::ask(const char* method, const std::string& target, const std::string* body) {
  CURL* easy = handle_->easy;
  curl_easy_reset(easy);  // options only: the connection stays
  std::string reply;
  const std::string url = base_ + target;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, handle_->headers);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, kLongestSeconds);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &collect);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
  if (body != nullptr) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->c_str());
  }
  if (const CURLcode outcome = curl_easy_perform(easy); outcome != CURLE_OK) {
    return error(Errc::unavailable, std::string(method) + " " + url + ": " + curl_easy_strerror(outcome));
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return reply;
  return error(status == 503 ? Errc::exhausted : Errc::invalid,
               std::string(method) + " " + target + " was answered " + std::to_string(status) + ": " + reply);
}

}  // namespace assent::load
