#include "pipelines/settings_reload.h"

#include "pipelines/quantity.h"

namespace assent {
namespace {

class Comparison {
 public:
  explicit Comparison(SettingsReload& reload) : reload_(reload) {}

  // A setting that holds from now on.
  template <typename T>
  void take(const char* name, T& running, const T& read) {
    if (running == read) return;
    running = read;
    reload_.changed.emplace_back(name);
  }
  // A setting that holds from the next start on.
  template <typename T>
  void wait(const std::string& name, const T& running, const T& read) {
    if (!(running == read)) reload_.at_next_start.push_back(name);
  }

 private:
  SettingsReload& reload_;
};

void take_consent(Comparison& compare, nanoseconds hold_at_start, pipeline::Consent& running,
                  const pipeline::Consent& read) {
  compare.take("consent.policy", running.gate.policy, read.gate.policy);
  compare.take("consent.validity", running.gate.validity, read.gate.validity);
  compare.take("consent.standing_roles", running.rules.every.standing_roles, read.rules.every.standing_roles);
  compare.take("consent.erasure", running.rules.every.erasure, read.rules.every.erasure);
  running.rules.every = read.rules.every;
  compare.take("consent.tenants", running.rules.tenants, read.rules.tenants);
  if (read.gate.hold <= hold_at_start) {
    compare.take("consent.hold", running.gate.hold, read.gate.hold);
  } else {
    compare.wait("consent.hold above " + duration_text(std::chrono::floor<milliseconds>(hold_at_start)),
                 running.gate.hold, read.gate.hold);
  }
  compare.take("consent.deadline", running.gate.deadline, read.gate.deadline);
  // A ring cannot keep more than it holds, which the file's own hold would have allowed.
  if (read.gate.preroll.keep <= running.gate.hold) {
    compare.take("consent.preroll", running.gate.preroll, read.gate.preroll);
  } else {
    compare.wait("consent.preroll", running.gate.preroll, read.gate.preroll);
  }
  if (!read.gate.answer || read.gate.answer->around <= running.gate.hold) {
    compare.take("consent.evidence", running.gate.answer, read.gate.answer);
  } else {
    compare.wait("consent.evidence", running.gate.answer, read.gate.answer);
  }
  compare.take("consent.on_withdraw", running.gate.on_withdraw, read.gate.on_withdraw);
  compare.take("consent.default_purposes", running.default_purposes, read.default_purposes);
  compare.take("consent.digits", running.gate.digits, read.gate.digits);
}

void note_what_waits(Comparison& compare, const PipelineSettings& running, const PipelineSettings& read) {
  compare.wait("listen.api", running.listen.api, read.listen.api);
  compare.wait("listen.rtp_address", running.listen.rtp_address, read.listen.rtp_address);
  compare.wait("listen.rtp_advertise", running.listen.rtp_advertise, read.listen.rtp_advertise);
  compare.wait("listen.rtp_ports", running.listen.rtp_ports, read.listen.rtp_ports);
  compare.wait("listen.rtpengine_keys", running.listen.rtpengine_keys, read.listen.rtpengine_keys);
  compare.wait("capacity.calls", running.capacity.calls, read.capacity.calls);
  compare.wait("capacity.legs_per_call", running.capacity.legs_per_call, read.capacity.legs_per_call);
  compare.wait("threads.shards", running.threads.shards, read.threads.shards);
  compare.wait("threads.pin_shards", running.threads.pin_shards, read.threads.pin_shards);
  compare.wait("media.reorder_window", running.media.reorder_window, read.media.reorder_window);
  compare.wait("media.rtcp_mux", running.media.rtcp, read.media.rtcp);
  compare.wait("media.sockets", running.media.sockets, read.media.sockets);
  compare.wait("media.sweep", running.media.sweep, read.media.sweep);
  compare.wait("media.idle_timeout", running.media.idle_timeout, read.media.idle_timeout);
  compare.wait("media.inband_dtmf", running.media.inband_dtmf, read.media.inband_dtmf);
  compare.wait("seal.max_delay", running.seal.max_delay, read.seal.max_delay);
  compare.wait("seal.workers", running.seal.workers, read.seal.workers);
  compare.wait("seal.segment_time", running.seal.segment_time, read.seal.segment_time);
  compare.wait("journal.commit_interval", running.journal.commit_interval, read.journal.commit_interval);
  compare.wait("journal.file_size", running.journal.file_bytes, read.journal.file_bytes);
  compare.wait("journal.sealed_pages", running.journal.sealed_pages, read.journal.sealed_pages);
  compare.wait("ledger.checkpoint_interval", running.ledger.checkpoint_interval, read.ledger.checkpoint_interval);
  compare.wait("ledger.checkpoint_records", running.ledger.checkpoint_records, read.ledger.checkpoint_records);
  compare.wait("consent.hold_floor", running.overload.hold_floor, read.overload.hold_floor);
  compare.wait("overload.disk_reserve", running.overload.disk_reserve_bytes, read.overload.disk_reserve_bytes);
  compare.wait("quota", running.quota.every, read.quota.every);
  compare.wait("quota.tenants", running.quota.tenants, read.quota.tenants);
  compare.wait("store.kind", running.store.kind, read.store.kind);
  compare.wait("keys.provider", running.keys.provider, read.keys.provider);
  compare.wait("keys.path", running.keys.path, read.keys.path);
  compare.wait("keys.module", running.keys.module, read.keys.module);
  compare.wait("keys.token", running.keys.token, read.keys.token);
  compare.wait("keys.label", running.keys.label, read.keys.label);
  compare.wait("keys.pin_file", running.keys.pin_file, read.keys.pin_file);
  compare.wait("keys.rotate", running.keys.rotate, read.keys.rotate);
  compare.wait("memory.backing", running.memory.backing, read.memory.backing);
  compare.wait("log.format", running.log.format, read.log.format);
}

}  // namespace

SettingsReload reload_settings(const PipelineSettings& started, const PipelineSettings& running,
                               const PipelineSettings& read) {
  SettingsReload reload{running, {}, {}};
  Comparison compare(reload);
  if (running.purposes == read.purposes) {
    take_consent(compare, started.consent.gate.hold, reload.running.consent, read.consent);
  } else {
    reload.at_next_start.emplace_back("consent (its settings name purposes)");
  }
  if (running.purposes == read.purposes) {
    compare.take("retention.tenants", reload.running.retention, read.retention);
  } else {
    compare.wait("retention.tenants", running.retention, read.retention);
  }
  compare.take("consent.lease", reload.running.consent.lease, read.consent.lease);
  compare.wait("purposes", running.purpose_texts, read.purpose_texts);
  compare.wait("siprec", running.siprec, read.siprec);
  compare.wait("controller", running.controller, read.controller);
  compare.take("notice", reload.running.notice, read.notice);
  compare.take("notices", reload.running.notices, read.notices);
  compare.take("webhooks", reload.running.webhooks, read.webhooks);
  compare.take("processors", reload.running.processors, read.processors);
  compare.take("log.level", reload.running.log.level, read.log.level);
  compare.take("shutdown.drain", reload.running.shutdown.drain, read.shutdown.drain);
  compare.take("shutdown.calls", reload.running.shutdown.calls, read.shutdown.calls);
  note_what_waits(compare, running, read);
  return reload;
}

}  // namespace assent
