#include "engine/control/replay_memory.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.h"

namespace assent {
namespace {

using Fate = ReplayMemory::Fate;

constexpr std::int64_t kNow = 1790000000;
constexpr std::int64_t kWindow = 300;

SignedMessage message(std::string key, std::int64_t signed_at_s, std::string_view content = "same") {
  return {std::move(key), sha256(bytes_of(content)), signed_at_s};
}

// A memory, and what is done with it at one moment.
struct Rig {
  ReplayMemory memory;
  int runs = 0;
  unsigned status = 200;

  ReplayMemory::Outcome tell(const SignedMessage& what, std::int64_t now = kNow) {
    return memory.once(what, now - kWindow, [this] {
      return HttpResponse{status, "text/plain", {}, std::to_string(++runs), std::nullopt};
    });
  }
};

}  // namespace

TEST_CASE("a message runs once, and a repetition gets the first reply") {
  Rig rig{ReplayMemory(0)};
  CHECK(rig.tell(message("a", kNow)).fate == Fate::ran);
  const auto again = rig.tell(message("a", kNow), kNow + kWindow);
  CHECK(again.fate == Fate::repeated);
  CHECK(again.reply->body == "1");
  CHECK(rig.runs == 1);
}

TEST_CASE("what was refused had no effect, and runs when it comes again") {
  Rig rig{ReplayMemory(0)};
  rig.status = 404;
  CHECK(rig.tell(message("a", kNow)).reply->status == 404);
  rig.status = 200;
  CHECK(rig.tell(message("a", kNow)).fate == Fate::ran);
  CHECK(rig.tell(message("a", kNow)).fate == Fate::repeated);
  CHECK(rig.runs == 2);
}

TEST_CASE("a key with another content is not run") {
  Rig rig{ReplayMemory(0)};
  (void)rig.tell(message("a", kNow, "yes"));
  CHECK(rig.tell(message("a", kNow, "no")).fate == Fate::differs);
  CHECK(rig.runs == 1);
}

TEST_CASE("what is forgotten is refused for ever, also when the clock is set back") {
  Rig rig{ReplayMemory(0)};
  (void)rig.tell(message("a", kNow));
  (void)rig.tell(message("b", kNow + kWindow + 1), kNow + kWindow + 1);
  CHECK(rig.memory.size() == 1);
  CHECK(rig.tell(message("a", kNow), kNow).fate == Fate::too_old);
  CHECK(rig.tell(message("c", kNow + 1), kNow).fate == Fate::ran);
  CHECK(rig.runs == 3);
}

TEST_CASE("the bound is kept by forgetting the oldest signature, which is refused from then on") {
  Rig rig{ReplayMemory(0, 3)};
  for (int i = 0; i < 3; ++i) (void)rig.tell(message(std::to_string(i), kNow + i));
  (void)rig.tell(message("3", kNow + 3));
  CHECK(rig.memory.size() == 3);
  CHECK(rig.tell(message("0", kNow)).fate == Fate::too_old);
  CHECK(rig.tell(message("another", kNow)).fate == Fate::too_old);
  CHECK(rig.tell(message("1", kNow + 1)).fate == Fate::repeated);  // neither has made it go
  CHECK(rig.runs == 4);
}

TEST_CASE("nothing from before the memory began is run") {
  Rig rig{ReplayMemory(kNow)};
  CHECK(rig.tell(message("a", kNow - 1)).fate == Fate::too_old);
  CHECK(rig.tell(message("b", kNow)).fate == Fate::ran);
}

TEST_CASE("a repetition that was signed anew is remembered for as long as its own signature is good") {
  Rig rig{ReplayMemory(0)};
  (void)rig.tell(message("id", kNow));
  CHECK(rig.tell(message("id", kNow + kWindow), kNow + kWindow).fate == Fate::repeated);
  (void)rig.tell(message("other", kNow + 2 * kWindow), kNow + 2 * kWindow);
  CHECK(rig.tell(message("id", kNow + kWindow), kNow + 2 * kWindow).fate == Fate::repeated);
  CHECK(rig.runs == 2);
}

TEST_CASE("work that throws leaves the message as if it had not come") {
  Rig rig{ReplayMemory(0)};
  CHECK_THROWS(rig.memory.once(message("a", kNow), 0, []() -> HttpResponse { throw std::runtime_error("x"); }));
  CHECK(rig.tell(message("a", kNow)).fate == Fate::ran);
}

TEST_CASE("of messages that arrive at once one runs, and the others get its reply") {
  ReplayMemory memory(0);
  constexpr int kThreads = 8;
  std::atomic<int> runs{0};
  std::atomic<int> started{0};
  std::atomic<int> repeated{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ++started;
      const auto outcome = memory.once(message("a", kNow), 0, [&] {
        while (started < kThreads) std::this_thread::yield();
        return HttpResponse{200, "text/plain", {}, std::to_string(++runs), std::nullopt};
      });
      if (outcome.fate == Fate::repeated && outcome.reply->body == "1") ++repeated;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(runs == 1);
  CHECK(repeated == kThreads - 1);
}

}  // namespace assent
