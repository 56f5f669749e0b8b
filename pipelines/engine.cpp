#include "pipelines/engine.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <thread>

#include "base/capabilities.h"
#include "base/disk.h"
#include "base/step_thread.h"
#include "crypto/key_provider.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"
#include "engine/calls/leg_eraser.h"
#include "engine/calls/live_calls.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/control/api.h"
#include "engine/control/erasures.h"
#include "engine/control/recordings.h"
#include "engine/control/tokens.h"
#include "engine/journal/journal_reader.h"
#include "engine/store/file_store.h"
#include "engine/store/salvage.h"
#include "pipelines/capacity_plan.h"
#include "pipelines/datagram_sources.h"
#include "pipelines/engine_status.h"
#include "pipelines/gst/audio_renderer.h"
#include "pipelines/journal_eraser.h"
#include "pipelines/state_folder.h"

namespace assent {
namespace {

constexpr ShardId kShard{0};
constexpr std::size_t kShards = 1;
constexpr milliseconds kDrainPoll(5);

// The settler's and the journal's side of a segment's life, as the shard tells it.
class SettlerFeed final : public SegmentObserver {
 public:
  explicit SettlerFeed(Settler& settler) : settler_(settler) {}
  void segment_opened(const SegmentOpened& segment) override {
    settler_.register_segment(
        {segment.id, segment.owner.recording, segment.owner.call, segment.owner.leg, segment.number, segment.started});
  }
  void segment_closed(SegmentId segment, WallTime ended) override { settler_.set_ended(segment, ended); }

 private:
  Settler& settler_;
};

void raise_open_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);  // with fewer, fewer calls fit, which the plan has counted
}

Result<void> make_folder(Disk& disk, const std::filesystem::path& folder) {
  const auto there = disk.exists(folder);
  if (!there) return there.error();
  if (*there) return {};
  return disk.make_folder(folder);
}

PipelineDefaults defaults_of(const PipelineSettings& settings) {
  PipelineDefaults defaults{settings.consent.gate, settings.consent.default_purposes, std::nullopt};
  if (settings.notice) {
    const auto hash = sha256(bytes_of(settings.notice->text));
    defaults.notice = Notice{settings.notice->id, settings.notice->version, settings.notice->language, to_hex(hash)};
  }
  return defaults;
}

std::string mib(std::size_t bytes) { return std::to_string((bytes + (1U << 20) - 1) >> 20) + " MiB"; }

}  // namespace

// In the order in which they are made; destroyed the other way round.
struct Engine::Parts {
  Parts(const PipelineSettings& pipeline, StateFolder folder)
      : settings(pipeline), state(std::move(folder)), defaults(defaults_of(pipeline)) {}

  const PipelineSettings settings;
  const StateFolder state;
  const PipelineDefaults defaults;
  std::vector<std::string> report;
  CapacityPlan plan;
  std::optional<DatagramSources> datagram_sources;

  RealDisk disk;
  std::optional<BlockPool> blocks;
  std::optional<PagePool> pages;

  std::unique_ptr<SqliteCatalog> catalog;
  std::optional<FileRootKey> root;
  std::optional<KeyRing> keys;
  std::optional<CatalogWriter> writer;

  std::unique_ptr<FileStore> store;
  std::unique_ptr<JournalWriter> journal;
  std::optional<JournalReader> reader;
  std::optional<Settler> settler;
  std::optional<LegEraser> eraser;
  std::optional<SettlerFeed> feed;
  std::optional<StepThread> settler_thread;
  std::optional<StepThread> journal_thread;

  std::optional<SealQueue> seal_queue;
  std::optional<Sealer> sealer;
  std::unique_ptr<DatagramSource> source;
  std::optional<ShardLink> link;
  std::optional<LiveCalls> calls;
  std::optional<Shard> shard;
  WakeSignal shard_wake;
  std::optional<StepThread> shard_thread;

  std::optional<gst::GstAudioRenderer> renderer;
  std::optional<RecordingService> recordings;
  std::optional<EngineJournalEraser> journal_eraser;
  std::optional<Erasures> erasures;
  std::unique_ptr<TokenStore> tokens;
  std::optional<EngineMeter> meter;
  std::optional<Api> api;
  std::unique_ptr<HttpServer> http;
  bool stopped = false;

  Result<void> use_privileges();
  Result<void> reserve_memory();
  Result<void> open_catalog();
  Result<void> recover();
  Result<void> start_storage();
  Result<void> start_calls();
  Result<void> start_api();
  void wait_until_calls_are_over(MonoTime deadline);
  LegKeys leg_keys();
  SalvageReport salvaged;
};

// ---- the way up ---------------------------------------------------------------------------------------------------

// The work of the start that takes capabilities. They are given up before there are threads that would keep them.
Result<void> Engine::Parts::use_privileges() {
  MachineLimits machine = this_machine();
  auto sources = DatagramSources::create(settings, kShards);
  if (!sources) return sources.error();
  datagram_sources.emplace(std::move(*sources));
  machine.may_steer = datagram_sources->steered();
  plan = plan_capacity(settings, machine);
  return give_up({Capability::net_admin, Capability::bpf});
}

Result<void> Engine::Parts::reserve_memory() {
  raise_open_files();
  if (plan.calls_that_fit == 0) {
    return error(Errc::exhausted, "no call fits this machine: " + (plan.advice.empty() ? "" : plan.advice.front()));
  }
  // A second engine in one process (a test) shares the first one's memory for keys.
  if (auto secrets = start_secret_memory(plan.key_bytes); !secrets && secrets.error().code != Errc::conflict) {
    return secrets.error();
  }
  auto arena = SecureArena::create(plan.arena_bytes, settings.memory.backing);
  if (!arena) return arena.error();
  blocks.emplace(std::move(*arena));
  pages.emplace(settings.journal.sealed_pages);
  report.push_back("holds " + std::to_string(plan.calls_that_fit) + " calls x " +
                   std::to_string(std::chrono::duration_cast<seconds>(settings.consent.gate.hold).count()) + " s in " +
                   mib(plan.arena_bytes) + " of " + std::string(name_of(blocks->backing())) + " memory");
  for (const std::string& advice : plan.advice) report.push_back(advice);
  for (const std::string& line : datagram_sources->report()) report.push_back(line);
  return {};
}

Result<void> Engine::Parts::open_catalog() {
  if (auto made = make_folder(disk, state.root()); !made) return made;
  auto opened = SqliteCatalog::open(state.root());
  if (!opened) return opened.error();
  catalog = std::move(*opened);
  const auto entries = catalog->verify_ledger();
  if (!entries) return entries.error();
  report.push_back("ledger: " + std::to_string(*entries) + " entries, chain whole");

  auto opened_root = FileRootKey::open_or_create(state.root_key(settings.keys.path));
  if (!opened_root) return opened_root.error();
  root.emplace(std::move(*opened_root));
  keys.emplace(*catalog, *root);
  writer.emplace(*catalog);

  std::vector<Booking> bookings;
  if (auto epoch = keys->epoch(bookings); !epoch) return epoch.error();
  bookings.push_back(booking::AddLedger{{LedgerKind::engine_start, read_clocks().wall, std::nullopt, "{}"}});
  return writer->book_and_wait(std::move(bookings));
}

LegKeys Engine::Parts::leg_keys() {
  return [this](KeyId id) { return keys->open_copy(id); };
}

Result<void> Engine::Parts::recover() {
  if (auto made = make_folder(disk, state.journal()); !made) return made;
  auto files = FileStore::open(disk, state.segments());
  if (!files) return files.error();
  store = std::move(*files);
  auto done = salvage({disk, state.journal(), kShard, *store, *catalog, leg_keys()});
  if (!done) return done.error();
  salvaged = std::move(*done);
  if (salvaged.settled + salvaged.rebuilt + salvaged.lost != 0) {
    report.push_back("recovered: " + std::to_string(salvaged.settled) + " finished segments stored, " +
                     std::to_string(salvaged.rebuilt) + " torn ones rebuilt, " + std::to_string(salvaged.lost) +
                     " lost, " + std::to_string(salvaged.interrupted.size()) + " calls interrupted");
  }
  for (const SegmentId unclaimed : salvaged.unclaimed) {
    report.push_back("the journal holds pages of an unknown segment " + to_text(unclaimed) + "; they stay there");
  }
  return {};
}

Result<void> Engine::Parts::start_storage() {
  JournalOptions options;
  options.folder = state.journal();
  options.shard = kShard;
  options.first_file = salvaged.next_file;
  options.first_batch = salvaged.next_batch;
  options.file_bytes = settings.journal.file_bytes;
  options.commit_interval = settings.journal.commit_interval;
  options.queue_pages = settings.journal.sealed_pages;
  const JournalListener listener{[this](std::span<const DurablePage> durable) { settler->on_durable(durable); },
                                 [this](std::span<const SegmentId> touched) { settler->on_quarantine(touched); }};
  auto created = JournalWriter::create(disk, options, listener);
  if (!created) return created.error();
  journal = std::move(*created);
  reader.emplace(disk, state.journal(), kShard);
  settler.emplace(
      SettlerParts{*store,
                   *reader,
                   [this](std::vector<Booking> bookings) { return writer->book_and_wait(std::move(bookings)); },
                   [this](SegmentId segment) { journal->release(segment); },
                   [this] { journal->flush(); },
                   leg_keys(),
                   {},
                   {}});
  eraser.emplace(LegEraser::Parts{*catalog, *writer, *keys, *store, *settler, *journal,
                                  [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); }});
  feed.emplace(*settler);
  settler_thread.emplace("settler", settler->wake(), [this](MonoTime now) { return settler->step(now); });
  journal_thread.emplace("journal-0", journal->wake(), [this](MonoTime now) { return journal->step(now); });
  return eraser->resume();
}

Result<void> Engine::Parts::start_calls() {
  seal_queue.emplace(*blocks);
  sealer.emplace(
      *seal_queue, *pages, [this](SealedPage&& page) { ASSENT_CHECK(journal->queue().push(page)); },
      Sealer::Settings{settings.seal.workers});
  auto ports = PortRange::create(settings.listen.rtp_ports);
  if (!ports) return ports.error();
  auto opened = datagram_sources->source(kShard.value, std::move(*ports), *blocks);
  if (!opened) return opened.error();
  source = std::move(*opened);

  link.emplace(*writer, [this](const LegErasure& erasure) { eraser->request(erasure); });
  const Endpoint told = settings.listen.rtp_advertise.value_or(settings.listen.rtp_address);
  calls.emplace(LiveCalls::Parts{*link, *catalog, *writer, *keys, *settler, *eraser, settings.purposes, defaults,
                                 address_text(told)});
  shard.emplace(Shard::Parts{*blocks, *seal_queue, *sealer, *feed, *source, *link, settings.purposes,
                             [this](FinishedCall finished) { calls->book_abandoned(std::move(finished)); }},
                Shard::Settings{settings.media.rtcp, settings.media.reorder_window, settings.media.idle_timeout,
                                settings.seal.max_delay, settings.seal.segment_time, plan.calls_that_fit});
  link->connect(shard->inbox());
  shard_thread.emplace("shard-0", shard_wake, [this](MonoTime) {
    const Now now = read_clocks();
    shard->step(now);
    return now.mono + settings.media.sweep;
  });
  return {};
}

Result<void> Engine::Parts::start_api() {
  auto opened = TokenStore::open(disk, state.root(), read_clocks().wall);
  if (!opened) return opened.error();
  tokens = std::move(*opened);
  renderer.emplace();
  recordings.emplace(RecordingParts{*catalog, *writer, *keys, *store, *renderer});
  journal_eraser.emplace(*settler, *journal);
  erasures.emplace(ErasureParts{*catalog, *writer, *keys, *store, *journal_eraser,
                                [this](RecordingId id) { recordings->cut_streams(id); }});
  if (auto resumed = erasures->resume(); !resumed) return resumed.error();
  meter.emplace(EngineMeter::Parts{*link, *blocks, *sealer, *journal, *settler, *writer, plan.calls_that_fit});
  api.emplace(ApiParts{*calls, *meter, *recordings, *erasures, *catalog, *tokens});
  auto listening = HttpServer::listen(
      settings.listen.api, [this](const HttpRequest& request) { return api->handle(request); },
      [this](unsigned status, std::string_view why) { return api->refuse(status, why); });
  if (!listening) return listening.error();
  http = std::move(*listening);
  api->set_http_counters([this] { return http->counters(); });
  return {};
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Engine>> Engine::start(const PipelineConfig& config, const Options& options) {
  umask(0077);
  auto parts = std::make_unique<Parts>(config.settings(), StateFolder(options.state));
  auto* made = parts.get();
  // Owned by an engine from the start, so that a failure half way up takes the same way down.
  std::unique_ptr<Engine> engine(new Engine(std::move(parts)));
  if (auto done = made->use_privileges(); !done) return done.error();
  if (auto done = made->reserve_memory(); !done) return done.error();
  if (auto done = made->open_catalog(); !done) return done.error();
  if (auto done = made->recover(); !done) return done.error();
  if (auto done = made->start_storage(); !done) return done.error();
  if (auto done = made->start_calls(); !done) return done.error();
  if (auto done = made->start_api(); !done) return done.error();
  made->report.push_back("API on " + to_text(made->http->endpoint()) + ", root key: " + made->root->describe());
  return engine;
}

Endpoint Engine::api() const { return parts_->http->endpoint(); }

const std::vector<std::string>& Engine::start_report() const { return parts_->report; }

// ---- the way down -------------------------------------------------------------------------------------------------

void Engine::Parts::wait_until_calls_are_over(MonoTime deadline) {
  (void)link->ask_now<bool>([](Shard& one, Now now) -> Result<bool> {
    one.end_all(now);
    return true;
  });
  while (read_clocks().mono < deadline && calls->live_calls() != 0) {
    std::this_thread::sleep_for(kDrainPoll);
  }
}

Result<void> Engine::stop(milliseconds patience) {
  if (parts_ == nullptr || parts_->stopped) return {};
  Parts& parts = *parts_;
  parts.stopped = true;
  const MonoTime deadline = read_clocks().mono + patience;
  if (parts.calls) parts.calls->refuse_new_calls();
  if (parts.http) parts.http->stop(std::min<milliseconds>(patience, limits::kApiStopTime));
  if (parts.shard_thread) parts.wait_until_calls_are_over(deadline);
  const bool all_over = !parts.calls || parts.calls->live_calls() == 0;

  parts.shard_thread.reset();
  parts.sealer.reset();
  parts.eraser.reset();
  parts.settler_thread.reset();
  parts.journal_thread.reset();
  if (all_over && parts.journal) {
    if (auto removed = parts.journal->remove_unneeded_files(); !removed) return removed;
  }
  Result<void> booked;
  if (parts.writer) {
    if (all_over) {
      booked = parts.writer->book_and_wait(
          {booking::AddLedger{{LedgerKind::engine_stop, read_clocks().wall, std::nullopt, "{}"}}});
    }
    parts.writer->stop();
  }
  if (!all_over) {
    // Work is under way that did not end in time, so nothing it uses may be destroyed. The process ends; the kernel
    // wipes.
    (void)parts_.release();
    return error(Errc::unavailable,
                 "not everything could be stored in time: it is in the journal, and the next start stores it");
  }
  return booked;
}

Engine::~Engine() { (void)stop(milliseconds(1000)); }

}  // namespace assent
