#include "engine/calls/call_spread.h"

#include "catch.h"

namespace assent {
namespace {

std::vector<ShardId> shards(const std::vector<std::uint32_t>& numbers) { return {numbers.begin(), numbers.end()}; }

}  // namespace

TEST_CASE("a new call tries the shard with the fewest calls first, the lowest of several") {
  CallSpread spread(3);
  CHECK(spread.by_calls() == shards({0, 1, 2}));
  spread.add(ShardId(0));
  CHECK(spread.by_calls() == shards({1, 2, 0}));
  spread.add(ShardId(1));
  spread.add(ShardId(1));
  CHECK(spread.by_calls() == shards({2, 0, 1}));
  spread.remove(ShardId(1));
  spread.remove(ShardId(1));
  CHECK(spread.by_calls() == shards({1, 2, 0}));
}

TEST_CASE("calls that come one after the other spread evenly") {
  CallSpread spread(4);
  for (int i = 0; i < 10; ++i) spread.add(spread.by_calls().front());
  CHECK(spread.calls(ShardId(0)) == 3);
  CHECK(spread.calls(ShardId(1)) == 3);
  CHECK(spread.calls(ShardId(2)) == 2);
  CHECK(spread.calls(ShardId(3)) == 2);
}

}  // namespace assent
