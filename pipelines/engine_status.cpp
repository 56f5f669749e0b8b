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
                    {"srtp_unauthentic", shard.srtp.of(SrtpFault::unauthentic)},
                    {"srtp_unknown_mki", shard.srtp.of(SrtpFault::unknown_mki)},
                    {"srtp_replayed", shard.srtp.of(SrtpFault::replayed)},
                    {"srtp_too_old", shard.srtp.of(SrtpFault::too_old)},
                    {"srtp_malformed", shard.srtp.of(SrtpFault::malformed)},
                    {"srtp_too_many_sources", shard.srtp.of(SrtpFault::too_many_sources)},
                    {"srtp_unkeyed", shard.srtp.of(SrtpFault::unkeyed)},
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

void add_packet_path(ShardUnit& unit, const ShardCounts& shard, ShardCounters& counters) {
  counters.packets = shard.received.packets;
  counters.bytes = shard.received.bytes;
  counters.source_moves = shard.received.source_moves;
  add_drops(shard, counters);
  for (const Gate gate : {Gate::holding, Gate::opening, Gate::open, Gate::paused, Gate::suspended, Gate::closed}) {
    counters.gates.emplace_back(to_text(gate), shard.gates[static_cast<std::size_t>(gate)]);
  }
  counters.calls_live = shard.calls;
  counters.calls_capacity = unit.share().calls;
  counters.arena_bytes = unit.blocks().capacity_blocks() * limits::kPageBytes;
  counters.arena_bytes_in_use = unit.blocks().in_use_blocks() * limits::kPageBytes;
  counters.ring_bytes = shard.held_blocks * limits::kPageBytes;
  counters.blocks_wiped = shard.gated.wiped_blocks;
  counters.blocks_lost = shard.gap_blocks;
}

void add_storage(ShardUnit& unit, ShardCounters& counters) {
  const SealerCounts sealed = unit.sealer().counts();
  counters.seal_queue_blocks = unit.seal_queue().waiting();
  counters.blocks_sealed = sealed.blocks_sealed;
  counters.blocks_voided = sealed.blocks_voided;
  const JournalCounters journal = unit.journal().counters();
  counters.journal_queue_pages = journal.queued_pages;
  counters.pages_durable = journal.pages;
  counters.journal_bytes = journal.bytes;
  counters.commits = journal.commits;
  counters.journal_write_errors = journal.write_errors;
  counters.journal_sync_errors = journal.sync_errors;
  const SettlerCounters settled = unit.settler().counters();
  counters.unsettled_segments = settled.waiting_segments;
  counters.settle_errors = settled.failures;
  counters.segments_stored = settled.stored;
  counters.stored_bytes = settled.stored_bytes;
}

ShardLatencyCounts latencies_of(ShardUnit& unit) {
  const ShardLatencies& shard = unit.latencies();
  const JournalLatencies& journal = unit.journal().latencies();
  return {shard.packet_to_gate().counts(),   shard.opt_in_to_turn().counts(),
          shard.opt_in_to_open().counts(),   shard.refusal_to_turn().counts(),
          shard.refusal_to_quiet().counts(), journal.sealed.counts(),
          journal.durable.counts(),          journal.taken.counts(),
          journal.commit.counts(),           unit.settler().latency().counts()};
}

CatalogCounters counters_of(const CatalogWriter& writer) {
  const CatalogWriterCounts counts = writer.counts();
  return {counts.bookings, counts.failed, counts.waiting, writer.latencies().queued.counts(),
          writer.latencies().commit.counts()};
}

HandshakeCounters counters_of(const DtlsDeskCounts& counts) {
  const DtlsCounts& all = counts.handshakes;
  return {all.begun, all.done, all.failed, all.given_up, all.hellos, all.dropped, counts.turned_away};
}

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

LedgerCounters counters_of(const SqliteCatalog::LedgerCounts& counts, const LedgerLease& lease) {
  const auto at = counts.last_checkpoint;
  return {counts.records, at ? seconds_of(at->time_since_epoch()) : 0,
          seconds_of(lease.age(read_mono()).value_or(nanoseconds(0))), seconds_of(lease.length()), lease.lapses()};
}

}  // namespace

EngineCounters EngineMeter::counters() {
  EngineCounters engine;
  for (const auto& unit : parts_.shards) {
    const auto counts =
        unit->link().ask_now<ShardCounts>([](Shard& shard, Now) -> Result<ShardCounts> { return shard.counts(); });
    if (!counts) continue;
    ShardCounters counters;
    counters.shard = unit->share().id.value;
    add_packet_path(*unit, *counts, counters);
    add_storage(*unit, counters);
    counters.latencies = latencies_of(*unit);
    engine.shards.push_back(std::move(counters));
  }
  engine.catalog = counters_of(parts_.writer);
  engine.ledger = counters_of(parts_.catalog.ledger_counts(), parts_.writer.lease());
  engine.handshakes = counters_of(parts_.handshakes.counts());
  if (parts_.siprec) engine.siprec = parts_.siprec();
  return engine;
}

std::vector<std::string> EngineMeter::troubles() {
  std::vector<std::string> troubles;
  if (parts_.life.life().draining) troubles.emplace_back("the engine is being stopped and takes no new calls");
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
  const LedgerLease& lease = parts_.writer.lease();
  if (lease.is_over(read_clocks())) {
    const auto age = std::chrono::duration_cast<seconds>(lease.age(read_mono()).value_or(nanoseconds(0)));
    troubles.push_back("consent: the ledger has not answered for " + std::to_string(age.count()) +
                       " s, more than consent.lease: open gates are suspended");
  }
  if (const auto trouble = parts_.writer.trouble()) troubles.push_back("catalog: " + trouble->what);
  return troubles;
}

}  // namespace assent
