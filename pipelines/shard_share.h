// ShardShare: what one shard gets of what the engine has: calls, locked memory, pages, ports, a CPU.
//
// What can be divided is divided evenly, the first shards getting what is left over. Ports go by the calls, in whole
// pairs that follow each other, so that a range that has a pair for each leg has one in each shard, too. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/cpu.h"
#include "engine/ingest/port_range.h"
#include "engine/journal/journal_format.h"
#include "pipelines/capacity_plan.h"
#include "pipelines/pipeline_config.h"

namespace assent {

struct ShardShare {
  ShardId id;
  std::size_t calls = 0;
  std::size_t arena_bytes = 0;
  std::size_t sealed_pages = 0;
  PortSpan rtp_ports;
  std::optional<Cpu> cpu;
};

// One a shard, by number. The plan has calls for each.
std::vector<ShardShare> divide(const PipelineSettings& settings, const CapacityPlan& plan);

}  // namespace assent
