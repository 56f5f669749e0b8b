#include "pipelines/engine.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "base/capabilities.h"
#include "crypto/secret.h"
#include "pipelines/controller_config.h"
#include "pipelines/engine_parts.h"
#include "pipelines/retention_config.h"
#include "pipelines/root_key.h"
#include "pipelines/webhook_secrets.h"

namespace assent {
namespace {

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

std::string mib(std::size_t bytes) { return std::to_string((bytes + (1U << 20) - 1) >> 20) + " MiB"; }

}  // namespace

// ---- the way up ---------------------------------------------------------------------------------------------------

// The work of the start that takes capabilities. They are given up before there are threads that would keep them.
Result<void> Engine::Parts::use_privileges() {
  auto sources = DatagramSources::create(settings, settings.threads.shards);
  if (!sources) return sources.error();
  datagram_sources.emplace(std::move(*sources));
  MachineLimits machine = limits_of_process();
  machine.may_steer = datagram_sources->steered();
  plan = plan_capacity(settings, machine);
  return give_up({Capability::net_admin, Capability::bpf});
}

Result<void> Engine::Parts::reserve_memory() {
  raise_open_files();
  const std::string advice_first = plan.advice.empty() ? "" : plan.advice.front();
  if (plan.calls_that_fit == 0) return error(Errc::exhausted, "no call fits this machine: " + advice_first);
  if (plan.calls_that_fit < settings.threads.shards) {
    return error(Errc::exhausted, "a call for each of " + std::to_string(settings.threads.shards) +
                                      " shards does not fit this machine: " + advice_first);
  }
  // A second engine in one process (a test) shares the first one's memory for keys.
  if (auto secrets = start_secret_memory(plan.key_bytes); !secrets && secrets.error().code != Errc::conflict) {
    return secrets.error();
  }
  shares = divide(settings, plan);
  for (const ShardShare& share : shares) {
    auto arena = SecureArena::create(share.arena_bytes, settings.memory.backing);
    if (!arena) return arena.error();
    arenas.push_back(std::move(*arena));
  }
  report.push_back("holds " + std::to_string(plan.calls_that_fit) + " calls x " +
                   std::to_string(std::chrono::duration_cast<seconds>(settings.consent.gate.hold).count()) + " s in " +
                   mib(plan.arena_bytes) + " of " + std::string(name_of(arenas.front().backing())) + " memory" +
                   (shares.size() == 1 ? "" : ", over " + std::to_string(shares.size()) + " shards"));
  report.push_back("a disk may stall for " + std::to_string(plan.stall.count() / 1000) +
                   " s before audio is lost, with consent for every leg");
  for (const std::string& advice : plan.advice) report.push_back(advice);
  for (const std::string& advice : retention_advice(settings)) report.push_back(advice);
  for (const std::string& line : datagram_sources->report()) report.push_back(line);
  report.push_back("SRTP: " + plan.srtp);
  return {};
}

Result<void> Engine::Parts::open_catalog() {
  if (auto made = make_folder(disk, state.root()); !made) return made;
  auto opened = SqliteCatalog::open(state.root());
  if (!opened) return opened.error();
  catalog = std::move(*opened);
  catalog->keep_recordings(std::make_shared<RetentionRules>(settings.retention));
  auto opened_root = open_root_key(root_key_place(settings.keys, state), RootKeyUse::existing_or_new);
  if (!opened_root) return opened_root.error();
  root = std::move(*opened_root);
  keys.emplace(*catalog, *root, KeyRingLimits{keys_at_hand(plan.key_bytes), limits::kCachedKeyAge});
  writer.emplace(*catalog);

  auto begun = begin_ledger({*catalog, *keys, *writer, state.root(), settings.ledger});
  if (!begun) return begun.error();
  for (std::string& line : *begun) report.push_back(std::move(line));
  checkpoints.emplace(*writer, settings.ledger.checkpoint_interval, tell);
  writer->keep_lease(settings.consent.lease);
  lease_watch.emplace(*writer, tell);
  registers.emplace(RegisterParts{*catalog, *writer, purposes});
  if (auto declared = declare(settings); !declared) return declared;
  if (auto resumed = registers->resume(); !resumed) return resumed;
  auto told = ProcessorWiring::create({*catalog, *writer, state, tell}, settings.processors);
  if (!told) return told.error();
  processors = std::move(*told);
  return {};
}

// The file's notices and purposes are put on record; a version that stands for something else there is an error.
Result<void> Engine::Parts::declare(const PipelineSettings& named) {
  std::vector<NoticeSpec> notices;
  const auto add = [&](const pipeline::Notice& one) {
    notices.push_back({one.id, one.version, one.language, one.text});
  };
  if (named.notice) add(*named.notice);
  for (const pipeline::Notice& one : named.notices) add(one);
  std::vector<PurposeSpec> texts;
  for (const pipeline::PurposeText& one : named.purpose_texts) {
    const auto hours = one.retention ? std::optional<std::int64_t>(one.retention->count()) : std::nullopt;
    texts.push_back({one.id, one.version, one.description, one.lawful_basis, hours, one.processors});
  }
  return registers->declare(notices, texts);
}

LegKeys Engine::Parts::leg_keys() {
  return [this](KeyId id) { return keys->open_copy(id); };
}

Result<void> Engine::Parts::recover() {
  if (auto made = make_folder(disk, state.journal()); !made) return made;
  auto files = FileStore::open(disk, state.segments());
  if (!files) return files.error();
  store = std::move(*files);
  SalvageParts parts{disk, state.journal(), *store, *catalog, leg_keys()};
  // What a call of an older version lacks for going on.
  parts.goes_on = [](const CallRow& call) { return !call.sealed_settings.empty(); };
  auto done = salvage(parts);
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

Result<void> Engine::Parts::start_shards() {
  auto identity = DtlsIdentity::create();
  if (!identity) return identity.error();
  handshakes.emplace(*std::move(identity));
  const ShardUnit::Parts parts{
      settings,
      purposes,
      *datagram_sources,
      disk,
      state.journal(),
      *store,
      *writer,
      leg_keys(),
      [this](const LegErasure& erasure) { eraser->request(erasure); },
      [this](ShardId shard, FinishedCall finished) { calls->book_abandoned(shard, std::move(finished)); },
      overload,
      [this](LegId leg, DtlsLook look, ByteView datagram, const Endpoint& from) {
        handshakes->take(leg, look, datagram, from);
      }};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    auto unit = ShardUnit::start(parts, {shares[i], std::move(arenas[i]), salvaged.start_of(shares[i].id)});
    if (!unit) return unit.error();
    shards.push_back(std::move(*unit));
  }
  arenas.clear();
  return {};
}

std::vector<ShardStorage> Engine::Parts::storages() const {
  std::vector<ShardStorage> all;
  for (const auto& shard : shards) all.push_back(shard->storage());
  return all;
}

Result<void> Engine::Parts::start_calls() {
  eraser.emplace(LegEraser::Parts{*catalog, *writer, *keys, *store, storages(), tell});
  quota.emplace(settings.quota, *catalog);
  std::vector<LiveShard> live;
  for (const auto& shard : shards) live.push_back({shard->link(), shard->settler(), shard->share().rtp_ports});
  const Endpoint told = settings.listen.rtp_advertise.value_or(settings.listen.rtp_address);
  calls.emplace(LiveCalls::Parts{std::move(live), *catalog, *writer, *keys, *eraser, purposes, defaults_of(running),
                                 address_text(told), overload, *quota, *handshakes});
  handshakes->deliver_to(
      [this](ShardId shard, std::vector<DtlsAnswer> answers) { calls->answer_handshakes(shard, std::move(answers)); });
  handshake_thread.emplace("handshakes", handshakes->wake(), [this](MonoTime now) { return handshakes->step(now); });
  const auto back = calls->come_back();
  if (!back) return back.error();
  if (back->calls != 0) report.push_back(std::to_string(back->calls) + " calls in progress go on");
  constexpr std::size_t kTold = 10;
  for (std::size_t i = 0; i < std::min(kTold, back->troubles.size()); ++i) report.push_back(back->troubles[i]);
  if (back->troubles.size() > kTold) {
    report.push_back("nor do " + std::to_string(back->troubles.size() - kTold) + " further calls");
  }
  media_servers.emplace(*calls, tell);
  if (const auto& keys_told = settings.listen.rtpengine_keys) {
    if (auto heard = media_servers->hear_keys(*keys_told, settings.media.inband_dtmf); !heard) return heard.error();
    report.push_back("keys that rtpengine tells of are heard on " + to_text(*keys_told));
  }
  return eraser->resume();
}

Result<void> Engine::Parts::start_watch() {
  const auto space = disk.space(state.root());
  if (!space) return space.error();
  const std::uint64_t reserve = disk_reserve_of(settings, plan.calls_that_fit, *space);
  report.push_back("no new call is taken while less than " + mib(reserve) + " of disk is free, of " +
                   mib(space->total_bytes) + " (" + mib(space->free_bytes) + " are)");
  watch.emplace(OverloadWatch::Parts{shards, *writer, disk, state.root(), overload, tell},
                OverloadWatch::Settings{reserve, settings.overload.hold_floor});
  return {};
}

Result<void> Engine::Parts::start_api() {
  auto opened = TokenStore::open(disk, state.root(), read_clocks().wall);
  if (!opened) return opened.error();
  tokens = std::move(*opened);
  renderer.emplace();
  recordings.emplace(RecordingParts{*catalog, *writer, *keys, *store, *renderer});
  journal_eraser.emplace(storages());
  hold_queue.emplace(*catalog, *writer, [this](const ErasureRow& row, const Caller& caller) {
    return withdraw_for_erasure(*catalog, *withdrawals, row, caller);
  });
  erasures.emplace(ErasureParts{*catalog, *writer, *keys, *store, *journal_eraser, *hold_queue, [this](RecordingId id) {
                                  recordings->cut_streams(id);
                                  if (disclosures) disclosures->review();
                                }});
  if (auto resumed = erasures->resume(); !resumed) return resumed.error();
  standing.emplace(StandingParts{*catalog, *writer, *keys, purposes, *calls});
  withdrawals.emplace(WithdrawalParts{*catalog, *writer, *keys, purposes, media_servers->calls(), *standing,
                                      *recordings, [this](const CallRow& call) { return calls->on_withdraw(call); },
                                      [this](ErasureId erasure, CallId call) {
                                        eraser->request({erasure, call, {}});
                                      },
                                      [this](CallId call) { return eraser->wait_for(call, limits::kApiDurableWait); }});
  receipts.emplace(ReceiptDesk::Parts{*catalog, [this] { return catalog->seal(); },
                                      [terms = receipt_terms(settings)] { return terms; },
                                      [this] { return catalog->ledger_keys(); }});
  Disclosures::Parts giving{*catalog,  *writer,   *keys, *store,          *renderer,
                            *receipts, *standing, disk,  state.exports(), tell};
  giving.disk_is_free = [this]() -> Result<void> {
    overload.ease_off();
    if (overload.disk() == DiskRoom::enough) return {};
    return error(Errc::disk_full, "the rest of the disk is kept for calls in progress");
  };
  disclosures.emplace(std::move(giving));
  if (auto resumed = disclosures->resume(); !resumed) return resumed.error();
  PersonErasures::Parts erasing{*catalog,
                                *writer,
                                *keys,
                                *standing,
                                *hold_queue,
                                [this] { recordings->review_streams(); },
                                [this](ErasureId erasure, CallId call) {
                                  eraser->request({erasure, call, {}});
                                },
                                [this](CallId call) { return eraser->wait_for(call, 1s); },
                                tell};
  erasing.forget_exports = [this](std::span<const SubjectRow> people) { return disclosures->forget(people); };
  person_erasures.emplace(std::move(erasing));
  if (auto resumed = person_erasures->resume(); !resumed) return resumed.error();
  const auto erase_legs = [this](ErasureId erasure, CallId call) { eraser->request({erasure, call, {}}); };
  retention.emplace(
      HeldErasures::Parts{*catalog, *writer, *keys, *hold_queue, *erasures, *person_erasures, erase_legs, tell},
      *standing);
  key_rotation.emplace(KeyRotation::Parts{*catalog, *writer, *keys, *root, settings.keys.rotate, tell});
  if (auto resumed = key_rotation->resume(); !resumed) return resumed.error();
  processors->start();
  meter.emplace(EngineMeter::Parts{shards, *writer, *catalog, life, *handshakes,
                                   [this] { return siprec ? std::optional(siprec->counters()) : std::nullopt; }});
  auto sources = open_webhooks(settings.webhooks, state);
  if (!sources) return sources.error();
  webhooks.emplace(std::move(*sources), read_clocks().wall);
  api.emplace(ApiParts{media_servers->calls(), *meter, *recordings, *erasures, *person_erasures, retention->holds(),
                       *key_rotation, *receipts, *standing, *withdrawals, *registers, *catalog, *tokens, overload,
                       *webhooks, processors->desk(), *disclosures});
  auto listening = HttpServer::listen(
      settings.listen.api, [this](const HttpRequest& request) { return api->handle(request); },
      [this](unsigned status, std::string_view why) { return api->refuse(status, why); }, {}, Api::lane_of);
  if (!listening) return listening.error();
  http = std::move(*listening);
  api->set_http_counters([this] { return http->counters(); });
  return {};
}

Result<void> Engine::Parts::start_siprec() {
  auto started = SiprecWiring::start({media_servers->calls(), state, tell}, settings);
  if (!started) return started.error();
  siprec = *std::move(started);
  if (siprec) report.push_back(siprec->report());
  return {};
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Engine>> Engine::start(const PipelineConfig& config, const Options& options) {
  umask(0077);
  auto parts = std::make_unique<Parts>(config.settings(), options);
  auto* made = parts.get();
  // Owned by an engine from the start, so that a failure half way up takes the same way down.
  std::unique_ptr<Engine> engine(new Engine(std::move(parts)));
  if (auto done = made->use_privileges(); !done) return done.error();
  if (auto done = made->reserve_memory(); !done) return done.error();
  if (auto done = made->open_catalog(); !done) return done.error();
  if (auto done = made->recover(); !done) return done.error();
  if (auto done = made->start_shards(); !done) return done.error();
  if (auto done = made->start_calls(); !done) return done.error();
  if (auto done = made->start_watch(); !done) return done.error();
  if (auto done = made->start_siprec(); !done) return done.error();
  if (auto done = made->start_api(); !done) return done.error();
  made->report.push_back("API on " + to_text(made->http->endpoint()) + ", root key: " + made->root->describe());
  return engine;
}

}  // namespace assent
