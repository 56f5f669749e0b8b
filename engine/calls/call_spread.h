// CallSpread: how many calls each shard has, and so which one the next call goes to.
//
// It counts; whether a shard has room for a call only the shard knows (the memory, the ports). One thread at a time:
// the owner locks.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/journal/journal_format.h"

namespace assent {

class CallSpread {
 public:
  explicit CallSpread(std::size_t shards) : calls_(shards) {}

  void add(ShardId shard) { ++calls_.at(shard.value); }
  void remove(ShardId shard);
  std::size_t calls(ShardId shard) const { return calls_.at(shard.value); }

  // Every shard, in the order in which a new call tries them: the fewest calls first, among equals the lowest number.
  std::vector<ShardId> by_calls() const;

 private:
  std::vector<std::size_t> calls_;  // by number of the shard
};

}  // namespace assent
