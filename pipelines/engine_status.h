// EngineMeter: the engine's counts and troubles, gathered from its parts when somebody asks. Any control thread.
#pragma once

#include "engine/block_pool.h"
#include "engine/calls/shard_link.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/control/call_service.h"
#include "engine/journal/journal_writer.h"
#include "engine/seal/sealer.h"
#include "engine/store/settler.h"

namespace assent {

class EngineMeter final : public EngineStatus {
 public:
  struct Parts {
    ShardLink& shard;
    const BlockPool& blocks;
    const Sealer& sealer;
    const JournalWriter& journal;
    const Settler& settler;
    const CatalogWriter& writer;
    std::size_t calls_capacity = 0;
  };
  explicit EngineMeter(Parts parts) : parts_(parts) {}

  EngineCounters counters() override;
  std::vector<std::string> troubles() override;

 private:
  Parts parts_;
};

}  // namespace assent
