#include "tools/assent/erasure_wait.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "tools/assent/text_table.h"

namespace assent {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(300);
// Processors take minutes or weeks; most of those that answer at all have done so by then.
constexpr auto kProcessorPatience = std::chrono::seconds(10);

std::string last_step(const Json& erasure) {
  const auto steps = list_at(erasure, "steps");
  return steps.empty() ? std::string() : printable(text_at(steps.back(), "what"));
}

}  // namespace

bool waits_for_processors(const Json& erasure) {
  const auto steps = list_at(erasure, "steps");
  return text_at(erasure, "state") != "done" && !steps.empty() && text_at(steps.back(), "step") == "processors";
}

void print_open_processors(const Json& erasure, Console& console) {
  for (const Json& one : list_at(erasure, "processors")) {
    const std::string trouble = text_at(one, "trouble");
    if (trouble.empty()) continue;
    console.out << "not confirmed by " << printable(text_at(one, "name")) << " (" << text_at(one, "state") << " since "
                << text_at(one, "since") << ", " << text_at(one, "attempts") << " attempts): " << printable(trouble)
                << "\n";
  }
  console.out << "Everything here is destroyed. Erasure " << text_at(erasure, "id")
              << " stays open until they confirm; there is a receipt then. `assent processors` shows them.\n";
}

bool is_held(const Json& erasure) { return text_at(erasure, "state") == "held"; }

Error still_held(const Json& erasure) {
  return error(Errc::conflict, "accepted, and nothing is destroyed yet: erasure " + text_at(erasure, "id") + " is " +
                                   last_step(erasure) + "; it begins by itself when no hold covers it any more");
}

Result<Json> when_done(ApiClient& engine, Json erasure, const std::string& doing, Console& console) {
  ProgressLine progress(console, doing);
  std::optional<std::chrono::steady_clock::time_point> give_up;
  while (text_at(erasure, "state") != "done") {
    if (is_held(erasure)) return still_held(erasure);
    progress.show(last_step(erasure));
    if (waits_for_processors(erasure)) {
      const auto now = std::chrono::steady_clock::now();
      if (!give_up) give_up = now + kProcessorPatience;
      if (now >= *give_up) return erasure;
    }
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
