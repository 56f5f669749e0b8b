#include "engine/calls/call_spread.h"

#include <algorithm>

#include "base/result.h"

namespace assent {

void CallSpread::remove(ShardId shard) {
  ASSENT_CHECK(calls_.at(shard.value) != 0);
  --calls_[shard.value];
}

std::vector<ShardId> CallSpread::by_calls() const {
  std::vector<ShardId> shards;
  for (std::size_t i = 0; i < calls_.size(); ++i) shards.emplace_back(static_cast<std::uint32_t>(i));
  std::stable_sort(shards.begin(), shards.end(),
                   [this](ShardId a, ShardId b) { return calls_[a.value] < calls_[b.value]; });
  return shards;
}

}  // namespace assent
