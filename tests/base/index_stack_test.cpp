#include "base/index_stack.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <numeric>
#include <thread>
#include <vector>

namespace {

using namespace assent;

std::vector<std::uint32_t> popped(IndexStack& stack, std::size_t most) {
  std::vector<std::uint32_t> places(most);
  places.resize(stack.pop(places));
  return places;
}

TEST_CASE("what is pushed together is popped from its first on") {
  IndexStack stack(10);
  CHECK(popped(stack, 3).empty());
  stack.push(std::array<std::uint32_t, 3>{4, 5, 6});
  stack.push(std::array<std::uint32_t, 2>{9, 0});
  CHECK(popped(stack, 1) == std::vector<std::uint32_t>{9});
  CHECK(popped(stack, 3) == std::vector<std::uint32_t>{0, 4, 5});
  CHECK(popped(stack, 3) == std::vector<std::uint32_t>{6});
  CHECK(popped(stack, 3).empty());
}

TEST_CASE("nothing pushed, nothing asked for: nothing happens") {
  IndexStack stack(2);
  stack.push({});
  stack.push(std::array<std::uint32_t, 1>{1});
  CHECK(popped(stack, 0).empty());
  CHECK(popped(stack, 2) == std::vector<std::uint32_t>{1});
}

// So few numbers that every thread keeps meeting those that it has just given back.
TEST_CASE("a number has one owner at a time, whoever pushes and pops") {
  constexpr std::uint32_t kNumbers = 8;
  constexpr int kTurns = 20'000;
  IndexStack stack(kNumbers);
  std::array<std::uint32_t, kNumbers> all{};
  std::iota(all.begin(), all.end(), 0U);
  stack.push(all);

  std::array<int, kNumbers> owners{};  // plain: a second owner is a data race, too
  std::atomic<int> shared{0};
  const auto take_and_give = [&](std::size_t most) {
    std::array<std::uint32_t, kNumbers> mine{};
    for (int turn = 0; turn < kTurns; ++turn) {
      const std::size_t count = stack.pop(std::span(mine).first(most));
      for (std::size_t i = 0; i < count; ++i) {
        if (++owners[mine[i]] != 1) ++shared;
      }
      for (std::size_t i = 0; i < count; ++i) --owners[mine[i]];
      stack.push(std::span(mine).first(count));
    }
  };
  std::vector<std::thread> threads;
  for (const std::size_t most : std::array<std::size_t, 4>{1, 2, 3, 5}) threads.emplace_back(take_and_give, most);
  for (std::thread& thread : threads) thread.join();

  CHECK(shared == 0);
  std::vector<std::uint32_t> left = popped(stack, kNumbers);
  std::sort(left.begin(), left.end());
  CHECK(std::equal(left.begin(), left.end(), all.begin(), all.end()));
}

}  // namespace
