// Engine, once it has started: what may change, and the way down.
#include <algorithm>
#include <thread>

#include "crypto/sha256.h"
#include "pipelines/engine_parts.h"
#include "pipelines/settings_reload.h"
#include "pipelines/webhook_secrets.h"

namespace assent {
namespace {

constexpr milliseconds kDrainPoll(5);

}  // namespace

PipelineDefaults defaults_of(const PipelineSettings& settings) {
  PipelineDefaults defaults{settings.consent.gate, settings.consent.default_purposes, settings.consent.rules,
                            std::nullopt};
  if (settings.notice) {
    const auto hash = sha256(bytes_of(settings.notice->text));
    defaults.notice = Notice{settings.notice->id, settings.notice->version, settings.notice->language, to_hex(hash)};
  }
  return defaults;
}

Endpoint Engine::api() const { return parts_->http->endpoint(); }

const std::vector<std::string>& Engine::start_report() const { return parts_->report; }

const std::vector<std::string>& Engine::stop_report() const {
  static const std::vector<std::string> kNothing;
  return parts_ == nullptr ? kNothing : parts_->stop_report;
}

// ---- while it runs ------------------------------------------------------------------------------------------------

const PipelineSettings& Engine::running() const { return parts_->running; }

Result<Reload> Engine::reload(const PipelineConfig& config) {
  if (auto declared = parts_->declare(config.settings()); !declared) {
    note_failed_reload();
    return declared.error();
  }
  SettingsReload read = reload_settings(parts_->settings, parts_->running, config.settings());
  if (auto sources = open_webhooks(read.running.webhooks, parts_->state)) {
    parts_->webhooks->replace(std::move(*sources));
  } else {
    read.running.webhooks = parts_->running.webhooks;
    std::erase(read.changed, "webhooks");
    read.at_next_start.push_back("webhooks (" + sources.error().what + ")");
  }
  if (auto told = parts_->processors->replace(read.running.processors); !told) {
    read.running.processors = parts_->running.processors;
    std::erase(read.changed, "processors");
    read.at_next_start.push_back("processors (" + told.error().what + ")");
  }
  parts_->running = std::move(read.running);
  parts_->calls->set_defaults(defaults_of(parts_->running));
  parts_->writer->keep_lease(parts_->running.consent.lease);
  parts_->catalog->keep_recordings(std::make_shared<RetentionRules>(parts_->running.retention));
  parts_->retention->look_again();
  Reload reload{read.at_next_start.empty() ? ReloadResult::applied : ReloadResult::partial, read_clocks().wall,
                std::move(read.changed), std::move(read.at_next_start)};
  parts_->life.note(reload);
  return reload;
}

void Engine::note_failed_reload() { parts_->life.note({ReloadResult::failed, read_clocks().wall, {}, {}}); }

std::size_t Engine::live_calls() const { return parts_->calls->live_calls(); }

void Engine::begin_drain() {
  parts_->calls->refuse_new_calls();
  if (parts_->siprec) parts_->siprec->begin_drain();
  parts_->life.begin_drain();
}

// ---- the way down -------------------------------------------------------------------------------------------------

// All shards at once; whether everything consented to was stored, and nothing is left of any call.
bool Engine::Parts::end_calls(MonoTime deadline) {
  const bool keep = running.shutdown.calls == pipeline::Shutdown::Calls::keep;
  for (const auto& shard : shards) shard->end_calls(keep ? LiveCall::Ending::left_off : LiveCall::Ending::over);
  const auto are_over = [this] {
    return (!calls || calls->live_calls() == 0) &&
           std::all_of(shards.begin(), shards.end(), [](const auto& shard) { return shard->is_idle(); });
  };
  while (!are_over()) {
    if (read_mono() >= deadline) return false;
    std::this_thread::sleep_for(kDrainPoll);
  }
  return true;
}

Result<void> Engine::stop(milliseconds patience) {
  if (parts_ == nullptr || parts_->stopped) return {};
  Parts& parts = *parts_;
  parts.stopped = true;
  const MonoTime deadline = read_mono() + patience;
  if (parts.calls) parts.calls->refuse_new_calls();
  if (parts.http) parts.http->stop(std::min<milliseconds>(patience, limits::kApiStopTime));
  if (parts.media_servers) parts.media_servers->stop();
  const bool left_off = parts.running.shutdown.calls == pipeline::Shutdown::Calls::keep;
  if (parts.siprec && left_off) parts.siprec->stop();
  const bool all_over = parts.end_calls(deadline);
  if (parts.media_servers && !left_off) parts.media_servers->end_what_is_over();
  if (parts.siprec && !left_off) parts.siprec->end_what_is_over();
  if (parts.siprec) parts.siprec->stop();
  parts.watch.reset();

  parts.handshake_thread.reset();
  for (const auto& shard : parts.shards) shard->stop_calls();
  parts.retention.reset();
  parts.person_erasures.reset();
  parts.disclosures.reset();
  parts.key_rotation.reset();
  parts.eraser.reset();
  if (parts.processors) parts.processors->stop();
  for (const auto& shard : parts.shards) shard->stop_storage();
  for (const auto& shard : parts.shards) {
    if (!all_over) break;
    if (auto removed = shard->remove_unneeded_files(); !removed) return removed;
  }
  Result<void> booked;
  if (parts.writer) {
    parts.checkpoints.reset();
    parts.lease_watch.reset();
    if (all_over) {
      auto ended = end_ledger(*parts.catalog, *parts.writer);
      if (ended) parts.stop_report.push_back(*std::move(ended));
      if (!ended) booked = ended.error();
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
