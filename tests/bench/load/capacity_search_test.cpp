#include "bench/load/capacity_search.h"

#include <vector>

#include "catch.h"

using namespace assent::load;

namespace {

// What is tried when up to `capacity` passes.
std::vector<std::size_t> tried(CapacitySearch& search, std::size_t capacity) {
  std::vector<std::size_t> all;
  while (const auto calls = search.next()) {
    all.push_back(*calls);
    *calls <= capacity ? search.passed() : search.failed();
  }
  return all;
}

}  // namespace

TEST_CASE("a search doubles until something fails, then halves the gap to the step") {
  CapacitySearch search({100, 50, 10'000});
  CHECK(tried(search, 730) == std::vector<std::size_t>{100, 200, 400, 800, 600, 700, 750});
  CHECK(search.best() == 700);
}

TEST_CASE("a search ends at the largest number allowed") {
  CapacitySearch search({100, 50, 300});
  CHECK(tried(search, 1000) == std::vector<std::size_t>{100, 200, 300});
  CHECK(search.best() == 300);
}

TEST_CASE("a search goes below where it began, to nothing if need be") {
  CapacitySearch search({100, 10, 1000});
  (void)tried(search, 27);
  CHECK(search.best() == 25);

  CapacitySearch hopeless({4, 1, 1000});
  (void)tried(hopeless, 0);
  CHECK(hopeless.best() == 0);
}
