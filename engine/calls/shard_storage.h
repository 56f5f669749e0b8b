// ShardStorage: where what one shard has sealed is on its way to the store, as erasing it needs that.
//
// An erasure asks all shards, one after the other: which of them a call had is known to nobody once the call is over,
// and one that never had it answers at once that there is nothing.
#pragma once

#include "engine/journal/journal_writer.h"
#include "engine/store/settler.h"

namespace assent {

struct ShardStorage {
  Settler& settler;
  JournalWriter& journal;
};

}  // namespace assent
