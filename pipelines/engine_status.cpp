#include "pipelines/engine_status.h"

namespace assent {
namespace {

void add_drops(const ShardCounts& shard, ShardCounters& counters) {
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
                    {"gate", shard.gated.discarded_packets},
                    {"gap", shard.gap_packets}};
}

void add_packet_path(ShardUnit& unit, EngineCounters& sum) {
  const auto shard =
      unit.link().ask_now<ShardCounts>([](Shard& one, Now) -> Result<ShardCounts> { return one.counts(); });
  if (!shard) return;
  ShardCounters counters;
  counters.shard = unit.share().id.value;
  counters.packets = shard->received.packets;
  counters.bytes = shard->received.bytes;
  add_drops(*shard, counters);
  for (const Gate gate : {Gate::holding, Gate::opening, Gate::open, Gate::paused, Gate::closed}) {
    counters.gates.emplace_back(to_text(gate), shard->gates[static_cast<std::size_t>(gate)]);
  }
  counters.calls_live = shard->calls;
  counters.calls_capacity = unit.share().calls;
  counters.arena_bytes = unit.blocks().capacity_blocks() * limits::kPageBytes;
  counters.arena_bytes_in_use = unit.blocks().in_use_blocks() * limits::kPageBytes;
  sum.blocks_wiped += shard->gated.wiped_blocks;
  sum.blocks_lost += shard->gap_blocks;
  sum.shards.push_back(std::move(counters));
}

void add_storage(ShardUnit& unit, EngineCounters& sum) {
  const SealerCounts sealed = unit.sealer().counts();
  sum.blocks_sealed += sealed.blocks_sealed;
  sum.blocks_voided += sealed.blocks_voided;
  const JournalCounters journal = unit.journal().counters();
  sum.pages_durable += journal.pages;
  sum.commits += journal.commits;
  sum.journal_write_errors += journal.write_errors;
  sum.journal_sync_errors += journal.sync_errors;
  sum.segments_stored += unit.settler().counters().stored;
}

}  // namespace

EngineCounters EngineMeter::counters() {
  EngineCounters counters;
  for (const auto& shard : parts_.shards) {
    add_packet_path(*shard, counters);
    add_storage(*shard, counters);
  }
  return counters;
}

std::vector<std::string> EngineMeter::troubles() {
  std::vector<std::string> troubles;
  for (const auto& shard : parts_.shards) {
    const std::string number = "-" + std::to_string(shard->share().id.value) + ": ";
    if (const JournalHealth journal = shard->journal().health(); !journal.healthy) {
      troubles.push_back("journal" + number + journal.why);
    }
    if (const SettlerHealth settler = shard->settler().health(); !settler.healthy) {
      troubles.push_back("store" + number + settler.why);
    }
    const auto answer = shard->link().ask_now<bool>([](Shard&, Now) -> Result<bool> { return true; });
    if (!answer) troubles.push_back("shard" + number + answer.error().what);
  }
  if (const auto trouble = parts_.writer.trouble()) troubles.push_back("catalog: " + trouble->what);
  return troubles;
}

}  // namespace assent
