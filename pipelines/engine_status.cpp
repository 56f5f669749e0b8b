#include "pipelines/engine_status.h"

namespace assent {
namespace {

void add_drops(const ShardCounts& shard, EngineCounters& counters) {
  const ReceiverCounts& received = shard.received;
  std::uint64_t not_rtp = 0;
  for (const std::uint64_t flaw : received.malformed) not_rtp += flaw;
  counters.drops = {{"foreign_source", received.foreign_source},
                    {"unknown_payload_type", received.unknown_payload_type},
                    {"malformed_payload", received.malformed_payload},
                    {"not_rtp", not_rtp},
                    {"malformed_rtcp", received.malformed_rtcp},
                    {"late", received.late},
                    {"duplicated", received.duplicated},
                    {"stray", received.strays},
                    {"truncated", received.truncated},
                    {"no_block", received.no_block + shard.starved_packets},
                    {"kernel", shard.source.kernel_drops},
                    {"no_leg", shard.source.no_leg},
                    {"gate", shard.gated.discarded_packets}};
}

}  // namespace

EngineCounters EngineMeter::counters() {
  EngineCounters counters;
  const auto shard =
      parts_.shard.ask_now<ShardCounts>([](Shard& one, Now) -> Result<ShardCounts> { return one.counts(); });
  if (shard) {
    counters.packets = shard->received.packets;
    counters.bytes = shard->received.bytes;
    counters.calls_live = shard->calls;
    counters.blocks_wiped = shard->gated.wiped_blocks;
    add_drops(*shard, counters);
    for (const Gate gate : {Gate::holding, Gate::opening, Gate::open, Gate::paused, Gate::closed}) {
      counters.gates.emplace_back(to_text(gate), shard->gates[static_cast<std::size_t>(gate)]);
    }
  }
  counters.calls_capacity = parts_.calls_capacity;
  counters.arena_bytes = parts_.blocks.capacity_blocks() * limits::kPageBytes;
  counters.arena_bytes_in_use = parts_.blocks.in_use_blocks() * limits::kPageBytes;
  const SealerCounts sealed = parts_.sealer.counts();
  counters.blocks_sealed = sealed.blocks_sealed;
  counters.blocks_voided = sealed.blocks_voided;
  const JournalCounters journal = parts_.journal.counters();
  counters.pages_durable = journal.pages;
  counters.commits = journal.commits;
  counters.journal_write_errors = journal.write_errors;
  counters.journal_sync_errors = journal.sync_errors;
  counters.segments_stored = parts_.settler.counters().stored;
  return counters;
}

std::vector<std::string> EngineMeter::troubles() {
  std::vector<std::string> troubles;
  if (const JournalHealth journal = parts_.journal.health(); !journal.healthy) {
    troubles.push_back("journal: " + journal.why);
  }
  if (const SettlerHealth settler = parts_.settler.health(); !settler.healthy) {
    troubles.push_back("store: " + settler.why);
  }
  if (const auto trouble = parts_.writer.trouble()) troubles.push_back("catalog: " + trouble->what);
  const auto shard = parts_.shard.ask_now<bool>([](Shard&, Now) -> Result<bool> { return true; });
  if (!shard) troubles.push_back("calls: " + shard.error().what);
  return troubles;
}

}  // namespace assent
