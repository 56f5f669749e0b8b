#include "engine/control/idempotency.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.h"

namespace assent {
namespace {

HttpResponse reply(unsigned status, std::string body) {
  return {status, "text/plain", {}, std::move(body), std::nullopt};
}
Sha256Digest request(std::string_view text) { return sha256(bytes_of(text)); }
MonoTime at(nanoseconds since) { return MonoTime(since); }

const IdempotencyKey kKey{"token", "key"};

}  // namespace

TEST_CASE("a repeated request runs once and gets the first reply") {
  IdempotencyStore store;
  int runs = 0;
  const auto work = [&] { return reply(201, std::to_string(++runs)); };
  CHECK(store.once(kKey, request("a"), at(0s), work)->body == "1");
  const auto again = store.once(kKey, request("a"), at(1s), work);
  CHECK(again->body == "1");
  CHECK(again->status == 201);
  CHECK(runs == 1);
}

TEST_CASE("another request under a used key is refused and not run") {
  IdempotencyStore store;
  int runs = 0;
  const auto work = [&] { return reply(200, std::to_string(++runs)); };
  store.once(kKey, request("a"), at(0s), work);
  CHECK_FALSE(store.once(kKey, request("b"), at(0s), work).has_value());
  CHECK(runs == 1);
}

TEST_CASE("the same key of another token is another key") {
  IdempotencyStore store;
  int runs = 0;
  const auto work = [&] { return reply(200, std::to_string(++runs)); };
  store.once(kKey, request("a"), at(0s), work);
  CHECK(store.once({"other", "key"}, request("b"), at(0s), work)->body == "2");
}

TEST_CASE("a refusal is repeated, a failure is run again") {
  IdempotencyStore store;
  int runs = 0;
  const auto refused = [&] { return reply(409, std::to_string(++runs)); };
  store.once(kKey, request("a"), at(0s), refused);
  CHECK(store.once(kKey, request("a"), at(0s), refused)->body == "1");
  const IdempotencyKey other{"token", "other"};
  const auto failed = [&] { return reply(503, std::to_string(++runs)); };
  CHECK(store.once(other, request("a"), at(0s), failed)->body == "2");
  CHECK(store.once(other, request("a"), at(0s), failed)->body == "3");
}

TEST_CASE("work that throws leaves the key free") {
  IdempotencyStore store;
  CHECK_THROWS(store.once(kKey, request("a"), at(0s), []() -> HttpResponse { throw std::runtime_error("x"); }));
  CHECK(store.once(kKey, request("b"), at(0s), [] { return reply(200, "ok"); })->body == "ok");
}

TEST_CASE("a reply is forgotten after its age") {
  IdempotencyStore store(10, 24h);
  int runs = 0;
  const auto work = [&] { return reply(200, std::to_string(++runs)); };
  store.once(kKey, request("a"), at(0s), work);
  CHECK(store.once(kKey, request("a"), at(24h), work)->body == "1");
  CHECK(store.once(kKey, request("a"), at(24h + 1ns), work)->body == "2");
}

TEST_CASE("the store keeps its bound by dropping what was used longest ago") {
  IdempotencyStore store(3, 24h);
  const auto work = [] { return reply(200, "first"); };
  const auto key = [](int i) { return IdempotencyKey{"token", std::to_string(i)}; };
  for (int i = 0; i < 3; ++i) store.once(key(i), request("a"), at(0s), work);
  store.once(key(0), request("a"), at(1s), work);  // used again: 1 is the oldest now
  store.once(key(3), request("a"), at(2s), work);
  CHECK(store.size() == 3);
  const auto second = [] { return reply(200, "second"); };
  CHECK(store.once(key(0), request("a"), at(3s), second)->body == "first");
  CHECK(store.once(key(1), request("a"), at(3s), second)->body == "second");
}

TEST_CASE("repetitions that arrive while the first runs wait for its reply") {
  IdempotencyStore store;
  std::atomic<int> runs{0};
  std::atomic<int> started{0};
  constexpr int kThreads = 8;
  std::vector<std::string> bodies(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ++started;
      const auto response = store.once(kKey, request("a"), at(0s), [&] {
        while (started < kThreads) std::this_thread::yield();
        return reply(201, std::to_string(++runs));
      });
      bodies[static_cast<std::size_t>(i)] = response->body;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(runs == 1);
  for (const auto& body : bodies) CHECK(body == "1");
}

TEST_CASE("when the first fails, one of those waiting runs in its place") {
  IdempotencyStore store;
  std::atomic<int> runs{0};
  std::vector<std::thread> threads;
  std::atomic<int> succeeded{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto response = store.once(kKey, request("a"), at(0s), [&] { return reply(++runs == 1 ? 503 : 201, "x"); });
      if (response->status == 201) ++succeeded;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(runs == 2);
  CHECK(succeeded == 7);
}

}  // namespace assent
