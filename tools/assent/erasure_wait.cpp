#include "tools/assent/erasure_wait.h"

#include <chrono>
#include <thread>
#include <utility>

#include "tools/assent/text_table.h"

namespace assent {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(300);

std::string last_step(const Json& erasure) {
  const auto steps = list_at(erasure, "steps");
  return steps.empty() ? std::string() : printable(text_at(steps.back(), "what"));
}

}  // namespace

bool is_held(const Json& erasure) { return text_at(erasure, "state") == "held"; }

Error still_held(const Json& erasure) {
  return error(Errc::conflict, "accepted, and nothing is destroyed yet: erasure " + text_at(erasure, "id") + " is " +
                                   last_step(erasure) + "; it begins by itself when no hold covers it any more");
}

Result<Json> when_done(ApiClient& engine, Json erasure, const std::string& doing, Console& console) {
  ProgressLine progress(console, doing);
  while (text_at(erasure, "state") != "done") {
    if (is_held(erasure)) return still_held(erasure);
    progress.show(last_step(erasure));
    std::this_thread::sleep_for(kPoll);
    const auto body = engine.get("/v1/erasures/" + text_at(erasure, "id"));
    if (!body) return body.error();
    auto reply = parse_reply(*body);
    if (!reply) return reply;
    erasure = *std::move(reply);
  }
  return erasure;
}

}  // namespace assent
