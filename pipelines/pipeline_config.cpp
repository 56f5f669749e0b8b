#include "pipelines/pipeline_config.h"

#include <algorithm>
#include <cctype>

#include "pipelines/overload_config.h"
#include "pipelines/section_reader.h"
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
  section.finish();

  const auto is_any = [](const Endpoint& e) {
    return e == *parse_address("0.0.0.0", 0) || e == *parse_address("::", 0);
  };
  if (listen.rtp_advertise && is_any(*listen.rtp_advertise)) {
    section.refuse(section.place_of("rtp_advertise"), "rtp_advertise", "no sender can reach the address of everywhere",
                   "an address of this machine that the media server reaches");
  }
  if (is_any(listen.rtp_address) && !section.has("rtp_advertise")) {
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
  section.take_choice("provider", keys.provider, {{"file", pipeline::Keys::Provider::file}});
  if (auto path = section.take_text("path", limits::kRefBytes)) keys.path = std::move(*path);
  section.finish();
}

void read_memory(SectionReader&& section, pipeline::Memory& memory) {
  section.take_choice("backing", memory.backing,
                      {{"secret", ArenaBacking::secret_memory}, {"locked", ArenaBacking::locked_memory}});
  section.finish();
}

void read_shutdown(SectionReader&& section, pipeline::Shutdown& shutdown) {
  section.take("drain", shutdown.drain, {0ms, limits::kDrainMax});
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

bool is_language_tag(std::string_view text) {
  // RFC 5646 section 2.1, as far as its shape: subtags of 1 to 8 letters or digits, the first of 2 or more letters.
  std::size_t length = 0;
  bool first = true;
  for (const char c : text) {
    if (c == '-') {
      if (length == 0 || (first && length < 2)) return false;
      length = 0;
      first = false;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (first ? std::isalpha(byte) == 0 : std::isalnum(byte) == 0) return false;
    if (++length > 8) return false;
  }
  return length >= (first ? 2U : 1U);
}

std::optional<pipeline::Notice> read_notice(SectionReader&& section) {
  pipeline::Notice notice;
  const auto take = [&](std::string_view key, std::string& value, std::size_t most_bytes) {
    section.require(key, "text; a notice needs id, version, language and text");
    if (auto text = section.take_text(key, most_bytes)) value = std::move(*text);
  };
  take("id", notice.id, limits::kNameBytes);
  take("version", notice.version, limits::kNameBytes);
  take("language", notice.language, limits::kNameBytes);
  take("text", notice.text, limits::kNoteBytes);
  section.finish();
  if (!notice.language.empty() && !is_language_tag(notice.language)) {
    section.refuse(section.place_of("language"), "language", in_quotes(notice.language) + " is not a language",
                   "a tag such as \"en\" or \"de-CH\" (RFC 5646)");
  }
  return notice;
}

// ---- purposes and consent -----------------------------------------------------------------------------------------

bool is_purpose_id(std::string_view text) {
  return !text.empty() && text.size() <= limits::kNameBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::vector<pipeline::PurposeText> read_purposes(SectionReader& document, ConfigErrors& errors) {
  std::vector<pipeline::PurposeText> purposes;
  for (const TomlValue* table : document.take_tables("purposes")) {
    SectionReader section(*table, "purposes", errors);
    pipeline::PurposeText purpose;
    section.require("id", "a name such as \"quality\"");
    purpose.id = section.take_text("id", limits::kNameBytes).value_or("");
    purpose.description = section.take_text("description", limits::kNoteBytes).value_or("");
    purpose.lawful_basis = section.take_text("lawful_basis", limits::kRefBytes).value_or(purpose.lawful_basis);
    milliseconds retention = 0ms;
    section.take("retention", retention, {limits::kRetentionMin, limits::kRetentionMax});
    if (retention != 0ms) purpose.retention = std::chrono::floor<std::chrono::hours>(retention);
    section.finish();

    if (purpose.id.empty()) continue;
    const bool twice = std::any_of(purposes.begin(), purposes.end(), [&](const auto& p) { return p.id == purpose.id; });
    if (!is_purpose_id(purpose.id)) {
      section.refuse(section.place_of("id"), "id", in_quotes(purpose.id) + " is not a purpose's name",
                     "1 to 64 of a-z, 0-9 and -");
    } else if (twice) {
      section.refuse(section.place_of("id"), "id", in_quotes(purpose.id) + " stands there twice", "each purpose once");
    } else if (purposes.size() == limits::kPurposes) {
      section.refuse(section.place_of("id"), "id", "is one purpose too many",
                     "at most " + std::to_string(limits::kPurposes));
    } else {
      purposes.push_back(std::move(purpose));
    }
  }
  return purposes;
}

// The purposes a list names; one that is not declared is refused, and the others count.
PurposeSet take_purposes(SectionReader& section, std::string_view key, const PurposeRegistry& registry) {
  PurposeSet set;
  const auto names = section.take_texts(key);
  for (const auto& name : names.value_or(std::vector<std::string>{})) {
    if (const auto purpose = registry.find(name)) {
      set |= PurposeSet::of(*purpose);
      continue;
    }
    std::vector<std::string_view> declared;
    std::string allowed = "those of [[purposes]]:";
    const auto ids = registry.ids_of(registry.all());
    for (const auto& id : ids) {
      declared.push_back(id);
      allowed += " " + id;
    }
    const auto meant = nearest_word(name, declared);
    section.refuse(
        section.place_of(key), key,
        in_quotes(name) + " is not declared" + (meant ? ": did you mean \"" + std::string(*meant) + "\"?" : ""),
        std::move(allowed));
  }
  return set;
}

// { decision = "granted", purposes = ["quality"] } or { action = "pause" }
DigitAction read_digit(SectionReader&& section, const PurposeRegistry& registry, PurposeSet default_purposes) {
  enum class Word { granted, denied, withdrawn, pause };
  constexpr std::string_view kForms = "{ decision = \"granted\", purposes = [...] } or { action = \"pause\" }";
  Word word = Word::denied;
  section.take_choice("decision", word,
                      {{"granted", Word::granted}, {"denied", Word::denied}, {"withdrawn", Word::withdrawn}});
  const TomlValue* action = section.take_any("action");
  const PurposeSet named = take_purposes(section, "purposes", registry);
  section.finish();

  if (section.has("decision") == section.has("action")) {
    section.refuse(section.place_of("action"), section.has("action") ? "action" : "decision",
                   section.has("action") ? "cannot stand beside decision" : "is missing", std::string(kForms));
    return {};
  }
  if (action != nullptr) {
    const auto* text = std::get_if<std::string>(&action->value);
    if (text == nullptr || *text != "pause") {
      const bool resume = text != nullptr && *text == "resume";
      section.refuse(action->place, "action",
                     resume ? "no digit resumes: while a call is paused its digits may be a card number, and nobody "
                              "listens to them (resume through the API)"
                            : "is unknown",
                     "\"pause\"");
    }
    return DigitAction::pause();
  }
  switch (word) {
    case Word::granted:
      return DigitAction::decide(Decision::granted, section.has("purposes") ? named : default_purposes);
    case Word::withdrawn: return DigitAction::decide(Decision::withdrawn, named);
    default: return DigitAction::decide(Decision::denied, named);
  }
}

void read_digits(const TomlValue* table, pipeline::Consent& consent, const PurposeRegistry& registry,
                 ConfigErrors& errors) {
  if (table == nullptr) return;
  for (const auto& entry : std::get<TomlTable>(table->value)) {
    const std::string name = "consent.digits." + entry.key.substr(0, 8);
    if (entry.key.size() != 1 || std::string_view("0123456789*#ABCD").find(entry.key) == std::string_view::npos) {
      errors.push_back({entry.place, "consent.digits: " + in_quotes(entry.key) + " is not a key of a telephone",
                        "one of 0 to 9, *, #, A to D, in quotes"});
      continue;
    }
    if (!std::holds_alternative<TomlTable>(entry.value.value)) {
      errors.push_back({entry.value.place, name + ": is " + std::string(kind_of(entry.value)),
                        "{ decision = \"granted\", purposes = [\"quality\"] }"});
      continue;
    }
    const auto errors_before = errors.size();
    const DigitAction action = read_digit(SectionReader(entry.value, name, errors), registry, consent.default_purposes);
    if (errors.size() != errors_before) continue;
    if (const auto bound = consent.gate.digits.bind(entry.key[0], action); !bound) {
      errors.push_back({entry.value.place, name + ": " + bound.error().what, ""});
    }
  }
}

void read_preroll(SectionReader& section, ConsentSettings& gate) {
  const std::string allowed = "\"all\", \"none\" or a duration up to consent.hold (" +
                              duration_text(std::chrono::floor<milliseconds>(gate.hold)) + ")";
  const TomlValue* found = section.take_any("preroll");
  if (found == nullptr) return;
  const auto* text = std::get_if<std::string>(&found->value);
  if (text == nullptr) return section.refuse(found->place, "preroll", "is " + std::string(kind_of(*found)), allowed);
  if (*text == "all") return;
  if (*text == "none") {
    gate.preroll = Preroll::none();
    return;
  }
  const auto keep = parse_duration(*text);
  if (!keep || *keep == 0ms) return section.refuse(found->place, "preroll", in_quotes(*text) + " is unknown", allowed);
  if (*keep > gate.hold)
    return section.refuse(found->place, "preroll", in_quotes(*text) + " is more than is held", allowed);
  gate.preroll = Preroll::last(*keep);
}

void read_default_purposes(SectionReader& section, pipeline::Consent& consent, const PurposeRegistry& registry) {
  constexpr std::string_view kWanted = "the purposes that a grant means when it names none";
  consent.default_purposes = take_purposes(section, "default_purposes", registry);
  if (!section.has("default_purposes")) {
    // With one purpose it is clear which is meant; with several, somebody has to say.
    if (registry.size() == 1) consent.default_purposes = registry.all();
    if (registry.size() != 1) section.require("default_purposes", kWanted);
    return;
  }
  const auto* list = std::get_if<TomlArray>(&section.take_any("default_purposes")->value);
  if (list != nullptr && list->empty()) {
    section.refuse(section.place_of("default_purposes"), "default_purposes", "is empty", std::string(kWanted));
  }
}

void read_consent(SectionReader&& section, pipeline::Consent& consent, nanoseconds& hold_floor,
                  const PurposeRegistry& registry, ConfigErrors& errors) {
  ConsentSettings& gate = consent.gate;
  gate.purposes = registry.all();
  section.take_choice(
      "policy", gate.policy,
      {{"all-party", Policy::all_party}, {"per-party", Policy::per_party}, {"one-party", Policy::one_party}});
  section.take_choice("on_withdraw", gate.on_withdraw, {{"keep", OnWithdraw::keep}, {"erase", OnWithdraw::erase}});
  milliseconds hold = limits::kHoldDefault;
  milliseconds deadline = limits::kDeadlineDefault;
  section.take("hold", hold, {limits::kHoldMin, limits::kHoldMax});
  section.take("deadline", deadline, {limits::kDeadlineMin, limits::kDeadlineMax});
  read_hold_floor(section, hold, hold_floor);
  gate.hold = hold;
  gate.deadline = deadline;
  read_preroll(section, gate);
  read_default_purposes(section, consent, registry);
  read_digits(section.take_table("digits"), consent, registry, errors);
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
                    std::string(overrides.rtp_ports ? "--rtp-ports" : "listen.rtp_ports") + ": " +
                        std::to_string(ports.first) + "-" + std::to_string(ports.last) + " has a pair of ports for " +
                        std::to_string(room) + " legs, and capacity.calls x legs_per_call is " + std::to_string(wanted),
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
  if (purposes.empty()) purposes.push_back({"quality", "Quality assurance", std::nullopt, "consent"});

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
  if (document.has("notice")) settings.notice = read_notice(section("notice"));
  settings.webhooks = read_webhooks(document, errors);
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
