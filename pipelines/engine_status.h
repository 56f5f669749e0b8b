// EngineMeter: the engine's counts and troubles, gathered from its shards when somebody asks. Any control thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/calls/dtls_desk.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/control/call_service.h"
#include "pipelines/shard_unit.h"

namespace assent {

class EngineMeter final : public EngineStatus {
 public:
  struct Parts {
    const std::vector<std::unique_ptr<ShardUnit>>& shards;
    const CatalogWriter& writer;
    SqliteCatalog& catalog;
    const LifeRecord& life;
    const DtlsDesk& handshakes;
    std::function<std::optional<SiprecCounters>()> siprec;
  };
  explicit EngineMeter(Parts parts) : parts_(std::move(parts)) {}

  EngineCounters counters() override;
  EngineLife life() override { return parts_.life.life(); }
  std::vector<std::string> troubles() override;

 private:
  Parts parts_;
};

}  // namespace assent
