#include "engine/processors/http_poster.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "base/limits.h"
#include "base/result.h"

namespace assent {
namespace {

constexpr milliseconds kConnectTime = 5s;

struct EndEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { ASSENT_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

}  // namespace

struct HttpPoster::Exchange {
  HttpPost post;
  std::unique_ptr<CURL, EndEasy> easy;
  std::unique_ptr<curl_slist, FreeList> headers;
  std::array<char, CURL_ERROR_SIZE> trouble{};
  std::size_t read_bytes = 0;
  bool is_cut = false;  // the reply was longer than is read

  static std::size_t take(char*, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    exchange.read_bytes += size * count;
    exchange.is_cut = exchange.read_bytes > limits::kProcessorReplyBytes;
    return exchange.is_cut ? 0 : size * count;
  }
};

struct HttpPoster::State {
  CURLM* multi = nullptr;
  std::vector<std::unique_ptr<Exchange>> exchanges;
  std::vector<HttpAnswer> failed;  // before they began
};

HttpPoster::HttpPoster() : state_(std::make_unique<State>()) {
  start_curl();
  state_->multi = curl_multi_init();
  ASSENT_CHECK(state_->multi != nullptr);
}

HttpPoster::~HttpPoster() {
  for (const auto& exchange : state_->exchanges) curl_multi_remove_handle(state_->multi, exchange->easy.get());
  state_->exchanges.clear();
  curl_multi_cleanup(state_->multi);
}

void HttpPoster::start(HttpPost post) {
  auto exchange = std::make_unique<Exchange>();
  exchange->post = std::move(post);
  exchange->easy.reset(curl_easy_init());
  for (const std::string& header : exchange->post.headers) {
    exchange->headers.reset(curl_slist_append(exchange->headers.release(), header.c_str()));
  }
  CURL* easy = exchange->easy.get();
  if (easy == nullptr) {
    state_->failed.push_back({exchange->post.number, 0, "no memory for a request"});
    return;
  }
  const HttpPost& told = exchange->post;
  curl_easy_setopt(easy, CURLOPT_URL, told.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // who drops a request does not wait for its name to be resolved
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(told.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(told.timeout, kConnectTime).count()));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers.get());
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, told.body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(told.body.size()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Exchange::take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->trouble.data());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange.get());
  curl_multi_add_handle(state_->multi, easy);
  state_->exchanges.push_back(std::move(exchange));
}

std::vector<HttpAnswer> HttpPoster::wait(milliseconds most) {
  std::vector<HttpAnswer> answers = std::exchange(state_->failed, {});
  int running = 0;
  curl_multi_perform(state_->multi, &running);
  const bool is_over = static_cast<std::size_t>(running) < state_->exchanges.size();
  if (!is_over && answers.empty()) {
    curl_multi_poll(state_->multi, nullptr, 0, static_cast<int>(most.count()), nullptr);
    curl_multi_perform(state_->multi, &running);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(state_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    CURL* easy = message->easy_handle;
    Exchange* exchange = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    HttpAnswer answer{exchange->post.number, 0, {}};
    if (result == CURLE_OK || exchange->is_cut) {
      answer.status = static_cast<unsigned>(status);
      if (status == 0) answer.trouble = "no answer";
    } else {
      answer.trouble = exchange->trouble[0] != '\0' ? exchange->trouble.data() : curl_easy_strerror(result);
    }
    answers.push_back(std::move(answer));
    curl_multi_remove_handle(state_->multi, easy);
    std::erase_if(state_->exchanges, [exchange](const auto& one) { return one.get() == exchange; });
  }
  return answers;
}

void HttpPoster::wake() { curl_multi_wakeup(state_->multi); }

}  // namespace assent
