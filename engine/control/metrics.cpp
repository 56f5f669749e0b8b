#include "engine/control/metrics.h"

#include <utility>

#include "engine/control/metric_families.h"

namespace assent {
namespace {

// The labels of one of a shard's samples.
MetricLabels labels_of(const ShardCounters& shard) { return {{"shard", std::to_string(shard.shard)}}; }
MetricLabels labels_of(const ShardCounters& shard, std::string name, std::string value) {
  return {{std::move(name), std::move(value)}, {"shard", std::to_string(shard.shard)}};
}

struct ShardSample {
  const char* name;
  const char* help;
  std::uint64_t ShardCounters::*value;
};
constexpr ShardSample kShardCounters[] = {
    {"assent_packets_total", "RTP packets received on the legs' ports, of the leg's source", &ShardCounters::packets},
    {"assent_source_moves_total", "Streams that went on from another address or port, once their source was silent",
     &ShardCounters::source_moves},
    {"assent_received_bytes_total", "Payload bytes of those packets", &ShardCounters::bytes},
    {"assent_pages_durable_total", "Sealed pages that are on disk", &ShardCounters::pages_durable},
    {"assent_journal_written_bytes_total", "Bytes written to the journal", &ShardCounters::journal_bytes},
    {"assent_journal_commits_total", "Commits of the journal", &ShardCounters::commits},
    {"assent_segments_stored_total", "Segments that became objects of the store", &ShardCounters::segments_stored},
    {"assent_stored_bytes_total", "Bytes of those objects", &ShardCounters::stored_bytes},
};
constexpr ShardSample kShardGauges[] = {
    {"assent_calls", "Live calls", &ShardCounters::calls_live},
    {"assent_calls_capacity", "Live calls that the locked memory holds", &ShardCounters::calls_capacity},
    {"assent_arena_bytes", "Locked memory for audio without consent", &ShardCounters::arena_bytes},
    {"assent_arena_used_bytes", "Of that, in use", &ShardCounters::arena_bytes_in_use},
    {"assent_ring_bytes", "Of that, full blocks held until somebody decides", &ShardCounters::ring_bytes},
    {"assent_seal_queue_blocks", "Blocks that wait to be sealed", &ShardCounters::seal_queue_blocks},
    {"assent_journal_queue_pages", "Sealed pages that are not on disk yet", &ShardCounters::journal_queue_pages},
    {"assent_unsettled_segments", "Finished segments that are not stored yet", &ShardCounters::unsettled_segments},
};

struct LatencySample {
  const char* name;
  const char* help;
  LatencyCounts ShardLatencyCounts::*value;
};
constexpr LatencySample kLatencies[] = {
    {"assent_packet_to_gate_seconds",
     "Datagrams, by the most that any of their sweep may have waited in the kernel and the engine for the gate",
     &ShardLatencyCounts::packet_to_gate},
    {"assent_opt_in_to_turn_seconds", "Opt-ins, until the gate turned and audio was taken as consented to",
     &ShardLatencyCounts::opt_in_to_turn},
    {"assent_opt_in_to_open_seconds", "Opt-ins, until their record was on disk and the gate open for sealing",
     &ShardLatencyCounts::opt_in_to_open},
    {"assent_refusal_to_turn_seconds",
     "Refusals that left a leg without consent, until its gate turned and nothing more was taken",
     &ShardLatencyCounts::refusal_to_turn},
    {"assent_refusal_to_quiet_seconds", "The same, until the last byte of that leg that is ever sealed was",
     &ShardLatencyCounts::refusal_to_quiet},
    {"assent_block_to_sealed_seconds",
     "Blocks, from full (or let go by an opt-in) to encrypted: the seal queue's delay",
     &ShardLatencyCounts::block_to_sealed},
    {"assent_block_to_durable_seconds", "Blocks, from full (or let go by an opt-in) to synced in the journal",
     &ShardLatencyCounts::block_to_durable},
    {"assent_journal_queue_seconds", "Sealed pages, until the journal took them", &ShardLatencyCounts::journal_queue},
    {"assent_journal_commit_seconds", "Commits of the journal: writing and syncing",
     &ShardLatencyCounts::journal_commit},
    {"assent_settle_seconds", "Finished segments, until they were stored and booked", &ShardLatencyCounts::settle},
};

void add_shards(MetricFamilies& families, const EngineCounters& engine) {
  for (const ShardSample& sample : kShardCounters) {
    auto family = families.counter(sample.name, sample.help);
    for (const ShardCounters& shard : engine.shards) family.add(shard.*sample.value, labels_of(shard));
  }
  for (const ShardSample& sample : kShardGauges) {
    auto family = families.gauge(sample.name, sample.help);
    for (const ShardCounters& shard : engine.shards) family.add(shard.*sample.value, labels_of(shard));
  }
  for (const LatencySample& sample : kLatencies) {
    auto family = families.latency(sample.name, sample.help);
    for (const ShardCounters& shard : engine.shards) family.add(shard.latencies.*sample.value, labels_of(shard));
  }
}

void add_shards_by_kind(MetricFamilies& families, const EngineCounters& engine) {
  {
    auto drops = families.counter("assent_drops_total", "Packets not recorded, by reason");
    for (const ShardCounters& shard : engine.shards) {
      for (const auto& [reason, count] : shard.drops) drops.add(count, labels_of(shard, "reason", reason));
    }
  }
  {
    auto gates = families.gauge("assent_legs", "Legs of live calls, by the state of their gate");
    for (const ShardCounters& shard : engine.shards) {
      for (const auto& [state, count] : shard.gates) gates.add(count, labels_of(shard, "gate", state));
    }
  }
  {
    auto blocks = families.counter("assent_blocks_total", "Blocks of audio, by what became of them");
    for (const ShardCounters& shard : engine.shards) {
      blocks.add(shard.blocks_sealed, labels_of(shard, "fate", "sealed"));
      blocks.add(shard.blocks_voided, labels_of(shard, "fate", "withdrawn"));
      blocks.add(shard.blocks_wiped, labels_of(shard, "fate", "wiped"));
      blocks.add(shard.blocks_lost, labels_of(shard, "fate", "lost"));
    }
  }
  auto errors = families.counter("assent_write_errors_total", "Failed writes, by stage; each is tried again");
  for (const ShardCounters& shard : engine.shards) {
    errors.add(shard.journal_write_errors, labels_of(shard, "stage", "journal_write"));
    errors.add(shard.journal_sync_errors, labels_of(shard, "stage", "journal_sync"));
    errors.add(shard.settle_errors, labels_of(shard, "stage", "settle"));
  }
}

void add_catalog(MetricFamilies& families, const CatalogCounters& catalog) {
  families.counter("assent_catalog_bookings_total", "Bookings that are on disk").add(catalog.bookings);
  families.counter("assent_catalog_errors_total", "Submissions that failed because the catalog did")
      .add(catalog.failed);
  families.gauge("assent_catalog_queue_bookings", "Bookings that wait").add(catalog.waiting);
  families.latency("assent_catalog_queue_seconds", "Submissions, until the catalog's writer took them")
      .add(catalog.queue);
  families.latency("assent_catalog_commit_seconds", "Transactions of the catalog").add(catalog.commit);
}

void add_ledger(MetricFamilies& families, const LedgerCounters& ledger) {
  families.counter("assent_ledger_records_total", "Records on the ledger").add(ledger.records);
  families.gauge("assent_ledger_last_checkpoint_time_seconds", "When the ledger was last signed, since 1970; 0: never")
      .add(ledger.last_checkpoint_seconds);
  families.gauge("assent_ledger_proof_age_seconds", "Since a commit began that proved the ledger to be writable")
      .add(ledger.proof_age_seconds);
  families.gauge("assent_consent_lease_seconds", "The age of that proof at which open gates are suspended")
      .add(ledger.lease_seconds);
  families.counter("assent_consent_lease_lapses_total", "Times that gates were suspended for want of a proof")
      .add(ledger.lease_lapses);
}

void add_http(MetricFamilies& families, const HttpCounters& http) {
  families.gauge("assent_http_connections", "Open connections of the API").add(http.connections_open);
  families.counter("assent_http_connections_total", "Connections accepted").add(http.connections);
  {
    auto refused = families.counter("assent_http_refused_total", "What the API did not let in, by reason");
    refused.add(http.connections_refused, {{"reason", "connections"}});
    refused.add(http.refused_malformed, {{"reason", "malformed"}});
    refused.add(http.refused_too_large, {{"reason", "too_large"}});
    refused.add(http.refused_busy, {{"reason", "busy"}});
    refused.add(http.timeouts, {{"reason", "timeout"}});
  }
  families.counter("assent_http_streams_cut_total", "Streamed replies that did not reach their end")
      .add(http.streams_cut);
}

void add_requests(MetricFamilies& families, const RequestCounts& requests) {
  auto family = families.counter("assent_api_requests_total", "Requests answered, by operation and class of status");
  const auto routes = all_routes();
  for (std::size_t operation = 0; operation < requests.size(); ++operation) {
    const std::string name = operation < routes.size() ? std::string(routes[operation].name) : std::string("none");
    for (std::size_t status = 0; status < kStatusClasses; ++status) {
      const std::uint64_t count = requests[operation][status];
      if (count > 0) family.add(count, {{"operation", name}, {"status", std::to_string(status + 1) + "xx"}});
    }
  }
}

void add_webhooks(MetricFamilies& families, const WebhookCounters& webhooks) {
  families.counter("assent_webhook_unknown_source_total", "Signals that named a source nobody configured")
      .add(webhooks.unknown_source);
  auto signals = families.counter("assent_webhook_signals_total", "Signals of webhooks, by what became of them");
  for (const WebhookCounts& source : webhooks.sources) {
    for (std::size_t i = 0; i < kSignalFates.size(); ++i) {
      signals.add(source.fates[i], {{"source", source.source}, {"result", std::string(kSignalFates[i])}});
    }
  }
}

void add_processors(MetricFamilies& families, const std::vector<ProcessorCounters>& processors) {
  {
    auto open = families.gauge("assent_processor_events", "Events that a processor has not settled, by their state");
    for (const ProcessorCounters& one : processors) {
      open.add(one.pending, {{"processor", one.processor}, {"state", "pending"}});
      open.add(one.accepted, {{"processor", one.processor}, {"state", "accepted"}});
      open.add(one.dead, {{"processor", one.processor}, {"state", "dead"}});
    }
  }
  {
    auto oldest =
        families.gauge("assent_processor_oldest_event_seconds", "Age of the oldest of them; 0: there is none");
    for (const ProcessorCounters& one : processors) oldest.add(one.oldest_seconds, {{"processor", one.processor}});
  }
  auto total = families.counter("assent_processor_deliveries_total",
                                "Attempts to tell a processor, by result, and events given up (dead)");
  for (const ProcessorCounters& one : processors) {
    total.add(one.since_start.delivered, {{"processor", one.processor}, {"result", "delivered"}});
    total.add(one.since_start.failed, {{"processor", one.processor}, {"result", "failed"}});
    total.add(one.since_start.dead, {{"processor", one.processor}, {"result", "dead"}});
  }
}

void add_by_name(MetricFamilies::Family&& family, const SiprecCounters::ByName& counts, const char* label) {
  for (const auto& [name, count] : counts) family.add(count, {{label, name}});
}

void add_siprec(MetricFamilies& families, const SiprecCounters& siprec) {
  add_by_name(families.counter("assent_sip_requests_total", "SIP requests that could be read, by method"),
              siprec.requests, "method");
  add_by_name(families.counter("assent_sip_responses_total", "SIP responses sent to them, by class of status"),
              siprec.responses, "status");
  add_by_name(families.counter("assent_sip_refused_total", "SIP requests that were not granted, by reason"),
              siprec.refused, "reason");
  add_by_name(families.counter("assent_sip_sessions_ended_total", "Recording sessions that are over, by why"),
              siprec.ended, "why");
  add_by_name(families.gauge("assent_sip_sessions", "Recording sessions, by trunk"), siprec.sessions, "trunk");
  families.gauge("assent_sip_transactions", "SIP transactions that are remembered").add(siprec.transactions);
  families.gauge("assent_sip_waiting", "SIP requests that wait for a worker").add(siprec.waiting);
}

void add_handshakes(MetricFamilies& families, const HandshakeCounters& handshakes) {
  auto all = families.counter("assent_dtls_handshakes_total", "Handshakes of DTLS-SRTP, by what became of them");
  all.add(handshakes.begun, {{"result", "begun"}});
  all.add(handshakes.done, {{"result", "done"}});
  all.add(handshakes.failed, {{"result", "failed"}});
  all.add(handshakes.given_up, {{"result", "given_up"}});
  families.counter("assent_dtls_hellos_total", "ClientHellos that were answered with a cookie, and forgotten")
      .add(handshakes.hellos);
  auto dropped = families.counter("assent_dtls_dropped_datagrams_total", "Datagrams of DTLS that were dropped, by why");
  dropped.add(handshakes.strays, {{"reason", "no_handshake"}});
  dropped.add(handshakes.no_room, {{"reason", "no_room"}});
}

void add_life(MetricFamilies& families, const EngineLife& life) {
  families.gauge("assent_draining", "1 while no new calls are taken, because the engine is being stopped")
      .add(std::uint64_t{life.draining});
  auto reloads = families.counter("assent_reloads_total", "Pipeline files read again, by what became of them");
  for (std::size_t i = 0; i < kReloadResults.size(); ++i) {
    reloads.add(life.reloads[i], {{"result", std::string(kReloadResults[i])}});
  }
}

// Under the names that every client library of Prometheus uses.
void add_process(MetricFamilies& families, const ProcessUsage& usage) {
  families.counter("process_cpu_seconds_total", "CPU time of all threads").add(usage.cpu_seconds);
  families.gauge("process_resident_memory_bytes", "Memory in RAM").add(usage.resident_bytes);
  families.gauge("process_open_fds", "Open file descriptors").add(usage.open_files);
  families.gauge("process_max_fds", "File descriptors that may be open").add(usage.open_files_limit);
  families.gauge("process_threads", "Threads").add(usage.threads);
  families.gauge("process_start_time_seconds", "When the process started, since 1970").add(usage.start_time_seconds);
}

}  // namespace

std::string metrics_text(const MetricsInput& input) {
  MetricFamilies families;
  add_shards(families, input.engine);
  add_shards_by_kind(families, input.engine);
  add_catalog(families, input.engine.catalog);
  add_ledger(families, input.engine.ledger);
  add_http(families, input.http);
  add_requests(families, input.requests);
  add_webhooks(families, input.webhooks);
  add_processors(families, input.processors);
  add_handshakes(families, input.engine.handshakes);
  if (input.engine.siprec) add_siprec(families, *input.engine.siprec);
  if (input.process) add_process(families, *input.process);
  add_life(families, input.life);
  families.gauge("assent_ready", "1 when nothing is wrong that /readyz would report")
      .add(std::uint64_t{input.troubles == 0});
  return families.text();
}

}  // namespace assent
