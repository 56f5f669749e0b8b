#include "pipelines/pipeline_config.h"

#include <algorithm>

#include "pipelines/consent_config.h"
#include "pipelines/controller_config.h"
#include "pipelines/overload_config.h"
#include "pipelines/processor_config.h"
#include "pipelines/retention_config.h"
#include "pipelines/section_reader.h"
#include "pipelines/siprec_config.h"
#include "pipelines/webhook_config.h"

namespace assent {
namespace {

using pipeline::Log;
using pipeline::Media;

const TomlValue kNoTable{{}, TomlTable{}};

const TomlValue& table_or_none(const TomlValue* table) { return table == nullptr ? kNoTable : *table; }

// ---- sections that stand alone ------------------------------------------------------------------------------------

void read_listen(SectionReader&& section, pipeline::Listen& listen) {
  section.take_endpoint("api", listen.api);
  if (const auto address = section.take_address("rtp_address")) listen.rtp_address = *address;
  listen.rtp_advertise = section.take_address("rtp_advertise");
  section.take("rtp_ports", listen.rtp_ports);
  if (section.has("rtpengine_keys")) section.take_endpoint("rtpengine_keys", listen.rtpengine_keys.emplace());
  section.finish();

  if (listen.rtp_advertise && is_any_address(*listen.rtp_advertise)) {
    section.refuse(section.place_of("rtp_advertise"), "rtp_advertise", "no sender can reach the address of everywhere",
                   "an address of this machine that the media server reaches");
  }
  if (is_any_address(listen.rtp_address) && !section.has("rtp_advertise")) {
    section.refuse(section.place_of("rtp_address"), "rtp_address",
                   "binds to every address, so senders must be told which one to use",
                   "one address of this machine, or rtp_advertise beside it");
  }
}

void read_capacity(SectionReader&& section, pipeline::Capacity& capacity) {
  section.take("calls", capacity.calls, Bounds<std::size_t>{1, limits::kCallsMax});
  section.take("legs_per_call", capacity.legs_per_call, Bounds<std::size_t>{1, limits::kLegsPerCall});
  section.finish();
}

void read_threads(SectionReader&& section, pipeline::Threads& threads) {
  section.take("shards", threads.shards, Bounds<std::size_t>{1, limits::kShardsMax});
  const auto cpus = section.take_numbers("pin_shards", {0, limits::kCpus - 1});
  section.finish();
  if (!cpus) return;
  for (const auto& [number, place] : *cpus) {
    const Cpu cpu(number);
    if (std::find(threads.pin_shards.begin(), threads.pin_shards.end(), cpu) != threads.pin_shards.end()) {
      section.refuse(place, "pin_shards", "names CPU " + std::to_string(number) + " twice", "each CPU once");
    }
    threads.pin_shards.push_back(cpu);
  }
  if (!cpus->empty() && cpus->size() != threads.shards) {
    section.refuse(
        section.place_of("pin_shards"), "pin_shards",
        "has " + std::to_string(cpus->size()) + " CPUs, and threads.shards is " + std::to_string(threads.shards),
        "one CPU a shard, or []");
  }
}

void read_media(SectionReader&& section, Media& media) {
  section.take("reorder_window", media.reorder_window, {0ms, limits::kReorderWindowMax});
  section.take("sweep", media.sweep, {limits::kSweepMin, limits::kSweepMax});
  section.take("idle_timeout", media.idle_timeout, {limits::kIdleCallMin, limits::kIdleCallMax});
  section.take_choice("sockets", media.sockets,
                      {{"auto", pipeline::Sockets::automatic},
                       {"steered", pipeline::Sockets::steered},
                       {"per-leg", pipeline::Sockets::per_leg}});
  section.take_choice("inband_dtmf", media.inband_dtmf,
                      {{"off", InbandUse::off}, {"auto", InbandUse::automatic}, {"on", InbandUse::on}});
  if (const auto muxed = section.take_flag("rtcp_mux")) media.rtcp = *muxed ? RtcpPort::muxed : RtcpPort::next;
  section.finish();
}

void read_seal(SectionReader&& section, pipeline::Seal& seal) {
  section.take("max_delay", seal.max_delay, {limits::kMaxDelayMin, limits::kMaxDelayMax});
  section.take("workers", seal.workers, Bounds<std::size_t>{1, limits::kSealWorkersMax});
  section.take("segment_time", seal.segment_time, {limits::kSegmentTimeMin, limits::kSegmentTimeMax});
  section.finish();
  if (seal.segment_time < seal.max_delay) {
    section.refuse(section.place_of("segment_time"), "segment_time", "is shorter than seal.max_delay",
                   "\"" + duration_text(seal.max_delay) + "\" or more");
  }
}

void read_journal(SectionReader&& section, pipeline::Journal& journal) {
  section.take("commit_interval", journal.commit_interval, {limits::kCommitIntervalMin, limits::kCommitIntervalMax});
  section.take_size("file_size", journal.file_bytes, {limits::kJournalFileBytesMin, limits::kJournalFileBytesMax});
  section.take("sealed_pages", journal.sealed_pages, {limits::kSealedPagesMin, limits::kSealedPagesMax});
  section.finish();
  if (journal.file_bytes % limits::kPageBytes != 0) {
    section.refuse(section.place_of("file_size"), "file_size", "is not whole pages", "a multiple of 4 KiB");
  }
}

void read_ledger(SectionReader&& section, pipeline::Ledger& ledger) {
  section.take("checkpoint_interval", ledger.checkpoint_interval,
               {limits::kCheckpointIntervalMin, limits::kCheckpointIntervalMax});
  section.take("checkpoint_records", ledger.checkpoint_records,
               Bounds<std::size_t>{limits::kCheckpointRecordsMin, limits::kCheckpointRecordsMax});
  section.finish();
}

void read_store(SectionReader&& section, pipeline::Store& store) {
  section.take_choice("kind", store.kind, {{"files", pipeline::Store::Kind::files}});
  section.finish();
}

void read_keys(SectionReader&& section, pipeline::Keys& keys) {
  using Provider = pipeline::Keys::Provider;
  section.take_choice("provider", keys.provider, {{"file", Provider::file}, {"pkcs11", Provider::pkcs11}});
  const auto take = [&](std::string_view key, std::size_t most_bytes, std::string& value, Provider of) {
    if (section.has(key) && keys.provider != of) {
      section.refuse(section.place_of(key), key, "belongs to another provider",
                     std::string("only beside provider = ") + (of == Provider::file ? "\"file\"" : "\"pkcs11\""));
    }
    if (auto text = section.take_text(key, most_bytes)) value = std::move(*text);
  };
  take("path", limits::kRefBytes, keys.path, Provider::file);
  if (keys.provider == Provider::pkcs11) {
    section.require("module", "the library of the token, such as \"/usr/lib/softhsm/libsofthsm2.so\"");
    section.require("token", "the token's label");
    section.require("pin_file", "a file of mode 0600 with the token's user PIN");
  }
  take("module", limits::kRefBytes, keys.module, Provider::pkcs11);
  take("token", limits::kTokenLabelBytes, keys.token, Provider::pkcs11);
  take("label", limits::kNameBytes, keys.label, Provider::pkcs11);
  take("pin_file", limits::kRefBytes, keys.pin_file, Provider::pkcs11);
  milliseconds rotate = 0ms;
  section.take("rotate", rotate, {limits::kRotateMin, limits::kRotateMax});
  if (rotate != 0ms) keys.rotate = rotate;
  section.finish();
}

void read_memory(SectionReader&& section, pipeline::Memory& memory) {
  section.take_choice("backing", memory.backing,
                      {{"secret", ArenaBacking::secret_memory}, {"locked", ArenaBacking::locked_memory}});
  section.finish();
}

void read_shutdown(SectionReader&& section, pipeline::Shutdown& shutdown) {
  section.take("drain", shutdown.drain, {0ms, limits::kDrainMax});
  section.take_choice("calls", shutdown.calls,
                      {{"keep", pipeline::Shutdown::Calls::keep}, {"end", pipeline::Shutdown::Calls::end}});
  section.finish();
}

void read_log(SectionReader&& section, Log& log) {
  section.take_choice("level", log.level,
                      {{"trace", Log::Level::trace},
                       {"debug", Log::Level::debug},
                       {"info", Log::Level::info},
                       {"warn", Log::Level::warn},
                       {"error", Log::Level::error}});
  section.take_choice("format", log.format,
                      {{"auto", Log::Format::automatic}, {"json", Log::Format::json}, {"text", Log::Format::text}});
  section.finish();
}

// ---- what settings mean to each other -----------------------------------------------------------------------------

void check_ports(const PipelineSettings& settings, const PipelineOverrides& overrides, ConfigPlace place,
                 ConfigErrors& errors) {
  const PortSpan ports = settings.listen.rtp_ports;
  const std::size_t wanted = settings.capacity.calls * settings.capacity.legs_per_call;
  const std::size_t room = port_pairs(ports);
  if (room >= wanted) return;
  errors.push_back({place,
                    std::string(overrides.rtp_ports ? "--rtp-ports" : "listen.rtp_ports") + ": " + to_text(ports) +
                        " has a pair of ports for " + std::to_string(room) +
                        " legs, and capacity.calls x legs_per_call is " + std::to_string(wanted),
                    "at least " + std::to_string(wanted * 2) + " ports, the first even; or fewer calls"});
}

// A shard without calls or without pages to seal into is of no use.
void check_shards(const PipelineSettings& settings, ConfigPlace place, ConfigErrors& errors) {
  const std::size_t shards = settings.threads.shards;
  const auto refuse = [&](const std::string& what, std::string allowed) {
    errors.push_back(
        {place, "threads.shards: " + std::to_string(shards) + " shards are more than " + what, std::move(allowed)});
  };
  if (settings.capacity.calls < shards) {
    refuse("capacity.calls, which is " + std::to_string(settings.capacity.calls), "at most a shard a call");
  }
  if (settings.journal.sealed_pages < shards * limits::kSealedPagesMin) {
    refuse("journal.sealed_pages = " + std::to_string(settings.journal.sealed_pages) + " has pages for",
           std::to_string(limits::kSealedPagesMin) + " pages or more a shard");
  }
}

PurposeRegistry registry_of(const std::vector<pipeline::PurposeText>& purposes) {
  std::vector<std::string> ids;
  ids.reserve(purposes.size());
  for (const auto& purpose : purposes) ids.push_back(purpose.id);
  auto registry = PurposeRegistry::create(std::move(ids));
  ASSENT_CHECK(registry);  // read_purposes lets in only what it takes
  return std::move(*registry);
}

PipelineSettings read_document(const TomlValue& root, const PipelineOverrides& overrides, ConfigErrors& errors) {
  SectionReader document(root, "", errors);
  auto purposes = read_purposes(document, errors);
  if (purposes.empty()) purposes.push_back({"quality", "Quality assurance"});

  PipelineSettings settings(registry_of(purposes));
  settings.purpose_texts = std::move(purposes);
  const auto section = [&](std::string_view name) {
    return SectionReader(table_or_none(document.take_table(name)), std::string(name), errors);
  };
  const auto errors_before = errors.size();
  read_listen(section("listen"), settings.listen);
  read_capacity(section("capacity"), settings.capacity);
  read_threads(section("threads"), settings.threads);
  const bool may_divide = errors.size() == errors_before;
  read_media(section("media"), settings.media);
  if (overrides.api) settings.listen.api = *overrides.api;
  if (overrides.rtp_ports) settings.listen.rtp_ports = *overrides.rtp_ports;
  if (errors.size() == errors_before) check_ports(settings, overrides, section("listen").place_of("rtp_ports"), errors);
  read_consent(section("consent"), settings.consent, settings.overload.hold_floor, settings.purposes, errors);
  read_retention(section("retention"), settings.retention, settings.purposes, errors);
  if (document.has("notice")) settings.notice = read_notice(section("notice"));
  settings.webhooks = read_webhooks(document, errors);
  settings.processors = read_processors(document, settings.purposes, errors);
  settings.notices = read_notices(document, errors);
  if (document.has("siprec")) settings.siprec = read_siprec(section("siprec"), settings, errors);
  document.take_any("siprec");
  read_seal(section("seal"), settings.seal);
  const auto errors_before_journal = errors.size();
  read_journal(section("journal"), settings.journal);
  if (may_divide && errors.size() == errors_before_journal) {
    check_shards(settings, section("threads").place_of("shards"), errors);
  }
  read_ledger(section("ledger"), settings.ledger);
  read_overload(section("overload"), settings.overload);
  read_quota(section("quota"), settings.quota, errors);
  read_store(section("store"), settings.store);
  read_keys(section("keys"), settings.keys);
  read_memory(section("memory"), settings.memory);
  read_shutdown(section("shutdown"), settings.shutdown);
  if (overrides.drain) settings.shutdown.drain = *overrides.drain;
  read_log(section("log"), settings.log);
  document.take_any("notice");
  if (document.has("controller")) settings.controller = read_controller(section("controller"));
  document.take_any("controller");
  document.finish();
  return settings;
}

}  // namespace

std::size_t port_pairs(PortSpan ports) {
  const std::size_t first_even = (ports.first + 1U) / 2;
  const std::size_t after_last_odd = (ports.last + 1U) / 2;
  return after_last_odd > first_even ? after_last_odd - first_even : 0;
}

LoadedPipeline load_pipeline(std::string_view text, const PipelineOverrides& overrides) {
  if (text.size() > limits::kConfigBytes) {
    return ConfigErrors{
        {{}, "the file has " + std::to_string(text.size()) + " bytes", "at most " + size_text(limits::kConfigBytes)}};
  }
  const auto root = parse_toml(text);
  if (!root) return ConfigErrors{root.error()};
  ConfigErrors errors;
  auto settings = read_document(*root, overrides, errors);
  if (errors.empty()) return PipelineConfig(std::move(settings));
  std::stable_sort(errors.begin(), errors.end(),
                   [](const ConfigError& a, const ConfigError& b) { return a.place < b.place; });
  return errors;
}

std::string_view name_of(Log::Level level) {
  switch (level) {
    case Log::Level::trace: return "trace";
    case Log::Level::debug: return "debug";
    case Log::Level::info: return "info";
    case Log::Level::warn: return "warn";
    case Log::Level::error: return "error";
  }
  return "info";
}

}  // namespace assent
