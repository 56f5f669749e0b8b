// Engine's parts, and how they are made and destroyed. For engine.cpp (the way up) and engine_running.cpp (what comes
// after).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "engine/calls/leg_eraser.h"
#include "engine/calls/live_calls.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/control/api.h"
#include "engine/control/disclosures.h"
#include "engine/control/erasures.h"
#include "engine/control/key_rotation.h"
#include "engine/control/person_erasures.h"
#include "engine/control/recordings.h"
#include "engine/control/tokens.h"
#include "engine/store/file_store.h"
#include "engine/store/salvage.h"
#include "pipelines/capacity_plan.h"
#include "pipelines/datagram_sources.h"
#include "pipelines/engine.h"
#include "pipelines/engine_ledger.h"
#include "pipelines/engine_retention.h"
#include "pipelines/engine_status.h"
#include "pipelines/gst/audio_renderer.h"
#include "pipelines/journal_eraser.h"
#include "pipelines/lease_watch.h"
#include "pipelines/media_servers.h"
#include "pipelines/overload_watch.h"
#include "pipelines/processor_wiring.h"
#include "pipelines/shard_share.h"
#include "pipelines/shard_unit.h"
#include "pipelines/siprec_wiring.h"
#include "pipelines/state_folder.h"

namespace assent {

PipelineDefaults defaults_of(const PipelineSettings& settings);

// In the order in which they are made; destroyed the other way round.
struct Engine::Parts {
  Parts(const PipelineSettings& pipeline, const Options& options)
      : settings(pipeline),
        running(pipeline),
        purposes(pipeline.purposes),
        state(options.state),
        tell(options.report) {}

  const PipelineSettings settings;  // of the start
  PipelineSettings running;         // with what was reloaded since
  PurposeRegistry purposes;         // the file's, and those that came through the API
  const StateFolder state;
  const std::function<void(const std::string&)> tell;
  LifeRecord life;
  std::vector<std::string> report;
  CapacityPlan plan;
  std::optional<DatagramSources> datagram_sources;

  RealDisk disk;
  std::vector<ShardShare> shares;
  std::vector<SecureArena> arenas;  // a share each, until its unit has it

  std::unique_ptr<SqliteCatalog> catalog;
  std::unique_ptr<RootKeyProvider> root;
  std::optional<KeyRing> keys;
  std::optional<CatalogWriter> writer;
  std::unique_ptr<ProcessorWiring> processors;
  std::optional<CheckpointClock> checkpoints;
  std::optional<LeaseWatch> lease_watch;

  OverloadState overload;
  std::optional<CallQuota> quota;
  std::unique_ptr<FileStore> store;
  std::optional<DtlsDesk> handshakes;
  std::vector<std::unique_ptr<ShardUnit>> shards;
  std::optional<LegEraser> eraser;
  std::optional<LiveCalls> calls;
  std::optional<StepThread> handshake_thread;
  std::optional<MediaServers> media_servers;
  std::optional<OverloadWatch> watch;

  std::optional<gst::GstAudioRenderer> renderer;
  std::optional<RecordingService> recordings;
  std::optional<EngineJournalEraser> journal_eraser;
  std::optional<HoldQueue> hold_queue;
  std::optional<Erasures> erasures;
  std::optional<ReceiptDesk> receipts;
  std::optional<StandingConsents> standing;
  std::optional<Withdrawals> withdrawals;
  std::optional<Disclosures> disclosures;         // its thread uses what is above
  std::optional<PersonErasures> person_erasures;  // likewise
  std::optional<EngineRetention> retention;       // likewise
  std::optional<KeyRotation> key_rotation;        // likewise
  std::optional<Registers> registers;
  std::unique_ptr<TokenStore> tokens;
  std::optional<EngineMeter> meter;
  std::optional<WebhookSources> webhooks;
  std::optional<Api> api;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<SiprecWiring> siprec;  // none: not configured
  bool stopped = false;
  std::vector<std::string> stop_report;

  Result<void> use_privileges();
  Result<void> reserve_memory();
  Result<void> open_catalog();
  Result<void> declare(const PipelineSettings& named);
  Result<void> recover();
  Result<void> start_shards();
  Result<void> start_calls();
  Result<void> start_watch();
  Result<void> start_api();
  Result<void> start_siprec();
  bool end_calls(MonoTime deadline);
  std::vector<ShardStorage> storages() const;
  LegKeys leg_keys();
  SalvageReport salvaged;
};

}  // namespace assent
