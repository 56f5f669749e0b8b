#include "pipelines/pipeline_config.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "catch.h"
#include "loaded_settings.h"
#include "pipelines/controller_config.h"
#include "pipelines/retention_config.h"

namespace assent {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("an empty file is a pipeline of defaults") {
  const auto settings = settings_of("");
  CHECK(to_text(settings.listen.api) == "127.0.0.1:8090");
  CHECK(address_text(settings.listen.rtp_address) == "127.0.0.1");
  CHECK(settings.listen.rtp_ports == PortSpan{20000, 29999});
  CHECK(settings.capacity.calls == limits::kCallsDefault);
  CHECK(settings.media.reorder_window == limits::kReorderWindowDefault);
  CHECK(settings.media.rtcp == RtcpPort::next);
  CHECK(settings.consent.gate.policy == Policy::all_party);
  CHECK(settings.consent.gate.hold == limits::kHoldDefault);
  CHECK(settings.consent.gate.deadline == limits::kDeadlineDefault);
  CHECK(settings.consent.gate.preroll.kind == Preroll::Kind::all);
  CHECK(settings.consent.gate.on_withdraw == OnWithdraw::keep);
  CHECK(settings.purposes.ids_of(settings.consent.default_purposes) == std::vector<std::string>{"quality"});
  CHECK(!settings.notice);
  CHECK(settings.seal.max_delay == limits::kMaxDelayDefault);
  CHECK(settings.seal.segment_time == limits::kSegmentTimeDefault);
  CHECK(settings.journal.file_bytes == limits::kJournalFileBytes);
  CHECK(settings.keys.path == "root.key");
  CHECK(settings.memory.backing == ArenaBacking::secret_memory);
  CHECK(settings.log.level == pipeline::Log::Level::info);
}

TEST_CASE("keys says where the root key is and how old the keys get") {
  using Provider = pipeline::Keys::Provider;
  const auto file = settings_of("[keys]\npath = \"/k/root.key\"\nrotate = \"30d\"").keys;
  CHECK(file.provider == Provider::file);
  CHECK(file.path == "/k/root.key");
  CHECK(file.rotate == std::chrono::hours(24 * 30));
  CHECK_FALSE(settings_of("").keys.rotate);
  const auto token =
      settings_of("[keys]\nprovider = \"pkcs11\"\nmodule = \"/lib/hsm.so\"\ntoken = \"calls\"\npin_file = \"pin\"")
          .keys;
  CHECK(token.provider == Provider::pkcs11);
  CHECK(token.module == "/lib/hsm.so");
  CHECK(token.token == "calls");
  CHECK(token.label == "assent-root");
  CHECK(token.pin_file == "pin");
}

TEST_CASE("what an erasure takes of a call goes by its policy unless the file says so, for every tenant or for one") {
  const auto usual = settings_of("").consent.rules.every;
  CHECK(usual.erasure_in(Policy::all_party) == ErasureScope::call);
  CHECK(usual.erasure_in(Policy::per_party) == ErasureScope::leg);
  CHECK(usual.erasure_in(Policy::one_party) == ErasureScope::leg);
  const auto rules =
      settings_of("[consent]\nerasure = \"leg\"\n[consent.tenants]\nacme = { erasure = \"call\" }").consent.rules;
  CHECK(rules.of("other").erasure_in(Policy::all_party) == ErasureScope::leg);
  CHECK(rules.of("acme").erasure_in(Policy::per_party) == ErasureScope::call);
}

TEST_CASE("media.sockets says how ports are heard") {
  CHECK(settings_of("").media.sockets == pipeline::Sockets::automatic);
  CHECK(settings_of("[media]\nsockets = \"steered\"").media.sockets == pipeline::Sockets::steered);
  CHECK(settings_of("[media]\nsockets = \"per-leg\"").media.sockets == pipeline::Sockets::per_leg);
  CHECK(errors_of("[media]\nsockets = \"steer\"").find("p.toml:2:11: media.sockets") == 0);
}

TEST_CASE("shutdown says how long calls may go on after SIGTERM, and what becomes of them then") {
  CHECK(settings_of("").shutdown.drain == limits::kDrainDefault);
  CHECK(settings_of("[shutdown]\ndrain = \"0s\"").shutdown.drain == 0ms);
  CHECK(settings_of("[shutdown]\ndrain = \"24h\"").shutdown.drain == 24h);
  CHECK(errors_of("[shutdown]\ndrain = \"25h\"").find("p.toml:2:9: shutdown.drain: \"25h\" is too long") == 0);
  CHECK(settings_of("").shutdown.calls == pipeline::Shutdown::Calls::keep);
  CHECK(settings_of("[shutdown]\ncalls = \"end\"").shutdown.calls == pipeline::Shutdown::Calls::end);
  CHECK(errors_of("[shutdown]\ncalls = \"drop\"").find("p.toml:2:9: shutdown.calls: ") == 0);
  CHECK(errors_of("[shutdown]\ndrain = 20").find("p.toml:2:9: shutdown.drain: ") == 0);
  PipelineOverrides overrides;
  overrides.drain = 5s;
  CHECK(load_pipeline("[shutdown]\ndrain = \"10s\"", overrides)->settings().shutdown.drain == 5s);
}

TEST_CASE("threads.shards and pin_shards say how many shards there are, and where they run") {
  CHECK(settings_of("").threads.shards == 1);
  CHECK(settings_of("").threads.pin_shards.empty());
  const auto settings = settings_of("[threads]\nshards = 3\npin_shards = [4, 0, 1023]");
  CHECK(settings.threads.shards == 3);
  CHECK(settings.threads.pin_shards == std::vector<Cpu>{Cpu(4), Cpu(0), Cpu(1023)});
  CHECK(settings_of("[threads]\nshards = 3\npin_shards = []").threads.pin_shards.empty());

  CHECK(errors_of("[threads]\nshards = 0").find("p.toml:2:10: threads.shards: 0 is too small") == 0);
  CHECK(errors_of("[threads]\nshards = 65").find("p.toml:2:10: threads.shards: 65 is too large") == 0);
  CHECK(errors_of("[threads]\nshards = 2\npin_shards = [1]").find("p.toml:3:14: threads.pin_shards: has 1 CPUs") == 0);
  CHECK(errors_of("[threads]\nshards = 2\npin_shards = [1, 1]")
            .find("p.toml:3:18: threads.pin_shards: names CPU 1 twice") == 0);
  CHECK(errors_of("[threads]\nshards = 2\npin_shards = [0, 1024]")
            .find("p.toml:3:18: threads.pin_shards: has 1024 in it") == 0);
  CHECK(errors_of("[threads]\npin_shards = [\"0\"]").find("p.toml:2:15: threads.pin_shards: has") == 0);
  CHECK(errors_of("[threads]\npin_shards = 0").find("p.toml:2:14: threads.pin_shards: is") == 0);
}

TEST_CASE("each shard needs a call and pages to seal into") {
  CHECK(errors_of("[threads]\nshards = 5\n[capacity]\ncalls = 4")
            .find("p.toml:2:10: threads.shards: 5 shards are more than capacity.calls") == 0);
  CHECK(errors_of("[threads]\nshards = 5\n[capacity]\ncalls = 5").empty());
  CHECK(errors_of("[threads]\nshards = 4\n[journal]\nsealed_pages = 1023")
            .find("p.toml:2:10: threads.shards: 4 shards are more than journal.sealed_pages") == 0);
  CHECK(errors_of("[threads]\nshards = 4\n[journal]\nsealed_pages = 1024").empty());
}

TEST_CASE("no digit means anything unless the file says so") {
  const auto settings = settings_of("");
  for (const char digit : std::string("0123456789*#ABCD")) {
    CHECK(settings.consent.gate.digits.action_of(digit).kind == DigitAction::Kind::none);
  }
}

TEST_CASE("every shipped pipeline loads") {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ASSENT_SOURCE_DIR "/pipelines")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path().string());
    ++found;
    CHECK(errors_of(read_file(entry.path())).empty());
  }
  CHECK(found >= 4);
}

TEST_CASE("the presets for the European Union ask first, keep nothing from before, and erase what is taken back") {
  for (const char* name : {"germany", "eu-strict"}) {
    INFO(name);
    const auto preset = settings_of(read_file(std::string(ASSENT_SOURCE_DIR "/pipelines/") + name + ".toml"));
    CHECK(preset.consent.gate.policy == Policy::all_party);
    CHECK(preset.consent.gate.preroll == Preroll::none());
    CHECK(preset.consent.gate.on_withdraw == OnWithdraw::erase);
    CHECK(preset.consent.gate.digits.action_of('9').decision == Decision::denied);
    CHECK(preset.media.inband_dtmf == InbandUse::off);
    CHECK(preset.notice);
  }
  const auto one = settings_of(read_file(ASSENT_SOURCE_DIR "/pipelines/one-party.toml"));
  CHECK(one.consent.gate.policy == Policy::one_party);
}

TEST_CASE("media.inband_dtmf says which legs are listened to for tones") {
  CHECK(settings_of("").media.inband_dtmf == InbandUse::off);
  CHECK(settings_of("[media]\ninband_dtmf = \"auto\"").media.inband_dtmf == InbandUse::automatic);
  CHECK(settings_of("[media]\ninband_dtmf = \"on\"").media.inband_dtmf == InbandUse::on);
  CHECK(errors_of("[media]\ninband_dtmf = \"yes\"") ==
        "p.toml:2:15: media.inband_dtmf: \"yes\" is unknown; allowed: \"off\", \"auto\", \"on\"");
}

TEST_CASE("webhooks have a name, a secret's place, and what else is said of them") {
  const auto webhooks = settings_of(R"(
[[webhooks]]
name = "ivr"
secret_file = "ivr.secret"
[[webhooks]]
name = "dialler-2"
secret_env = "DIALLER_SECRET"
previous_secret_file = "/run/secrets/dialler.old"
tenant = "acme"
window = "1m"
)")
                            .webhooks;
  using Kind = pipeline::SecretPlace::Kind;
  REQUIRE(webhooks.size() == 2);
  CHECK(webhooks[0].name == "ivr");
  CHECK(webhooks[0].secret == pipeline::SecretPlace{Kind::file, "ivr.secret"});
  CHECK_FALSE(webhooks[0].previous);
  CHECK_FALSE(webhooks[0].tenant);
  CHECK(webhooks[0].window == 5min);
  CHECK(webhooks[1].secret == pipeline::SecretPlace{Kind::environment, "DIALLER_SECRET"});
  CHECK(webhooks[1].previous == pipeline::SecretPlace{Kind::file, "/run/secrets/dialler.old"});
  CHECK(webhooks[1].tenant == "acme");
  CHECK(webhooks[1].window == 1min);
}

TEST_CASE("a webhook that is wrong says so") {
  CHECK(errors_of("[[webhooks]]\nname = \"ivr\"").find("webhooks.secret_file: is missing; allowed: secret_file = ") !=
        std::string::npos);
  CHECK(errors_of("[[webhooks]]\nsecret_env = \"X\"").find("webhooks.name: is missing") != std::string::npos);
  CHECK(errors_of("[[webhooks]]\nname = \"I V R\"\nsecret_env = \"X\"").find("is not a webhook's name") !=
        std::string::npos);
  CHECK(
      errors_of("[[webhooks]]\nname = \"ivr\"\nsecret_env = \"X\"\nsecret_file = \"x\"").find("cannot stand beside") !=
      std::string::npos);
  CHECK(errors_of("[[webhooks]]\nname = \"ivr\"\nsecret_env = \"X\"\nwindow = \"2h\"").find("is too long") !=
        std::string::npos);
  CHECK(errors_of("[[webhooks]]\nname = \"a\"\nsecret_env = \"X\"\n[[webhooks]]\nname = \"a\"\nsecret_env = \"Y\"")
            .find("stands there twice") != std::string::npos);
  std::string many;
  for (std::size_t i = 0; i <= limits::kWebhooks; ++i) {
    many += "[[webhooks]]\nname = \"w" + std::to_string(i) + "\"\nsecret_env = \"X\"\n";
  }
  CHECK(errors_of(many).find("one too many") != std::string::npos);
}

TEST_CASE("the embedded pipeline writes out the defaults, and adds digits, retention and a notice") {
  const auto embedded = settings_of(read_file(ASSENT_SOURCE_DIR "/pipelines/embedded.toml"));
  const auto defaults = settings_of("");
  CHECK(embedded.listen.api == defaults.listen.api);
  CHECK(embedded.listen.rtp_address == defaults.listen.rtp_address);
  CHECK(embedded.listen.rtp_ports == defaults.listen.rtp_ports);
  CHECK(embedded.capacity.calls == defaults.capacity.calls);
  CHECK(embedded.capacity.legs_per_call == defaults.capacity.legs_per_call);
  CHECK(embedded.threads.shards == defaults.threads.shards);
  CHECK(embedded.threads.pin_shards == defaults.threads.pin_shards);
  CHECK(embedded.media.reorder_window == defaults.media.reorder_window);
  CHECK(embedded.media.sockets == defaults.media.sockets);
  CHECK(embedded.media.sweep == defaults.media.sweep);
  CHECK(embedded.media.inband_dtmf == defaults.media.inband_dtmf);
  CHECK(embedded.webhooks == defaults.webhooks);
  CHECK(embedded.media.idle_timeout == defaults.media.idle_timeout);
  CHECK(embedded.consent.gate.hold == defaults.consent.gate.hold);
  CHECK(embedded.consent.gate.deadline == defaults.consent.gate.deadline);
  CHECK(embedded.consent.lease == defaults.consent.lease);
  CHECK(embedded.seal.max_delay == defaults.seal.max_delay);
  CHECK(embedded.seal.workers == defaults.seal.workers);
  CHECK(embedded.seal.segment_time == defaults.seal.segment_time);
  CHECK(embedded.journal.commit_interval == defaults.journal.commit_interval);
  CHECK(embedded.journal.file_bytes == defaults.journal.file_bytes);
  CHECK(embedded.journal.sealed_pages == defaults.journal.sealed_pages);
  CHECK(embedded.ledger.checkpoint_interval == defaults.ledger.checkpoint_interval);
  CHECK(embedded.ledger.checkpoint_records == defaults.ledger.checkpoint_records);
  CHECK(embedded.keys.path == defaults.keys.path);
  CHECK(embedded.overload.hold_floor == defaults.overload.hold_floor);
  CHECK(embedded.overload.disk_reserve_bytes == defaults.overload.disk_reserve_bytes);
  CHECK(embedded.consent.rules.every == defaults.consent.rules.every);
  CHECK(embedded.consent.rules.tenants == defaults.consent.rules.tenants);
  CHECK(embedded.notices == defaults.notices);
  CHECK(embedded.purpose_texts.at(0).version == "1");
  CHECK(embedded.purpose_texts.at(0).processors.empty());
  CHECK(embedded.quota.every == defaults.quota.every);
  CHECK(embedded.quota.tenants == defaults.quota.tenants);
  CHECK(embedded.retention == defaults.retention);
  CHECK(embedded.shutdown.drain == defaults.shutdown.drain);

  const auto quality = embedded.purposes.set_of({"quality"});
  REQUIRE(quality);
  const auto grant = embedded.consent.gate.digits.action_of('1');
  CHECK(grant.kind == DigitAction::Kind::decide);
  CHECK(grant.decision == Decision::granted);
  CHECK(grant.purposes == *quality);
  CHECK(embedded.consent.gate.digits.action_of('9').decision == Decision::denied);
  REQUIRE(embedded.notice);
  CHECK(embedded.notice->language == "en");
  CHECK(embedded.purpose_texts.at(0).retention == 90 * 24h);
}

TEST_CASE("values of every kind are taken from the file") {
  const auto settings = settings_of(R"(
[listen]
api = "[::1]:0"
rtp_address = "0.0.0.0"
rtp_advertise = "192.0.2.10"
rtpengine_keys = "192.0.2.20:2225"
rtp_ports = "30000-30399"
[capacity]
calls = 50
[media]
rtcp_mux = true
[consent]
policy = "one-party"
hold = "10s"
preroll = "5s"
on_withdraw = "erase"
default_purposes = ["training"]
[consent.digits]
"*" = { action = "pause" }
2 = { decision = "granted" }
3 = { decision = "withdrawn", purposes = ["training"] }
[[purposes]]
id = "quality"
[[purposes]]
id = "training"
[journal]
file_size = "64MiB"
[memory]
backing = "locked"
[log]
level = "warn"
format = "json"
)");
  CHECK(to_text(settings.listen.api) == "[::1]:0");
  CHECK(address_text(*settings.listen.rtp_advertise) == "192.0.2.10");
  CHECK(settings.listen.rtpengine_keys == parse_endpoint("192.0.2.20:2225"));
  CHECK(settings.listen.rtp_ports == PortSpan{30000, 30399});
  CHECK(settings.capacity.calls == 50);
  CHECK(settings.media.rtcp == RtcpPort::muxed);
  CHECK(settings.consent.gate.policy == Policy::one_party);
  CHECK(settings.consent.gate.hold == 10s);
  CHECK(settings.consent.gate.preroll.kind == Preroll::Kind::duration);
  CHECK(settings.consent.gate.preroll.keep == 5s);
  CHECK(settings.consent.gate.on_withdraw == OnWithdraw::erase);
  CHECK(settings.consent.gate.purposes == settings.purposes.all());
  const auto training = *settings.purposes.set_of({"training"});
  CHECK(settings.consent.default_purposes == training);
  CHECK(settings.consent.gate.digits.action_of('*').kind == DigitAction::Kind::pause);
  CHECK(settings.consent.gate.digits.action_of('2').purposes == training);
  CHECK(settings.consent.gate.digits.action_of('3').decision == Decision::withdrawn);
  CHECK(settings.journal.file_bytes == 64ULL << 20);
  CHECK(settings.memory.backing == ArenaBacking::locked_memory);
  CHECK(settings.log.format == pipeline::Log::Format::json);
}

TEST_CASE("overload: the rings' floor and the disk's reserve are as the file says, or what follows from the rest") {
  const auto defaults = settings_of("");
  CHECK(defaults.overload.hold_floor == limits::kHoldFloorDefault);
  CHECK_FALSE(defaults.overload.disk_reserve_bytes);
  CHECK(settings_of("[consent]\nhold = \"4s\"").overload.hold_floor == limits::kHoldFloorDefault);
  CHECK(settings_of("[consent]\nhold_floor = \"2s\"").overload.hold_floor == 2s);
  CHECK(settings_of("[consent]\nlease = \"2m\"").consent.lease == 2min);
  CHECK(errors_of("[consent]\nlease = \"9s\"") ==
        "p.toml:2:9: consent.lease: \"9s\" is too short; allowed: \"10s\" to \"10m\", a whole number with its unit "
        "(ms, s, m, h, d)");
  CHECK(settings_of("[overload]\ndisk_reserve = \"2GiB\"").overload.disk_reserve_bytes == 2ULL << 30);
  CHECK_FALSE(settings_of("[overload]\ndisk_reserve = \"auto\"").overload.disk_reserve_bytes);
  CHECK(errors_of("[consent]\nhold = \"4s\"\nhold_floor = \"5s\"") ==
        "p.toml:3:14: consent.hold_floor: is more than consent.hold; allowed: at most \"4s\"");
  CHECK(errors_of("[overload]\ndisk_reserve = \"much\"").find("p.toml:2:16: overload.disk_reserve: ") == 0);
  CHECK(errors_of("[overload]\ndisk_reserve = \"4KiB\"").find("p.toml:2:16: overload.disk_reserve: ") == 0);
}

TEST_CASE("consent: rules of every tenant, and of those that have their own, which take the rest from the others'") {
  const auto settings = settings_of(R"(
[consent]
policy = "one-party"
standing_roles = ["agent", "team lead"]
validity = "30d"
[consent.tenants]
acme = { policy = "per-party" }
strict = { policy = "all-party", standing_roles = [], validity = "1h" }
)");
  const ConsentRules& rules = settings.consent.rules;
  const std::vector<std::string> roles{"agent", "team lead"};
  CHECK(rules.every == TenantConsent{Policy::one_party, roles, 30 * 24h});
  CHECK(rules.of("acme") == TenantConsent{Policy::per_party, roles, 30 * 24h});
  CHECK(rules.of("strict") == TenantConsent{Policy::all_party, {}, 1h});
  CHECK(rules.of("another") == rules.every);
  CHECK(rules.every.counts_standing("team lead"));
  CHECK_FALSE(rules.of("strict").counts_standing("agent"));
  CHECK(settings.consent.gate.policy == Policy::one_party);
  CHECK(settings.consent.gate.validity == std::optional<nanoseconds>(30 * 24h));
  CHECK_FALSE(settings_of("").consent.gate.validity);
  CHECK(errors_of("[consent]\nvalidity = \"10ms\"").find("p.toml:2:12: consent.validity: ") == 0);
  CHECK(errors_of("[consent]\nstanding_roles = [\"\"]").find("p.toml:2:18: consent.standing_roles: ") == 0);
  CHECK(errors_of("[consent.tenants]\nacme = { policy = \"nobody\" }")
            .find("p.toml:2:19: consent.tenants.acme.policy: ") == 0);
  CHECK(errors_of("[consent.tenants]\nacme = { hold = \"1s\" }")
            .find("p.toml:2:10: unknown key \"hold\" in [consent.tenants.acme]") == 0);
  CHECK(errors_of("[consent.tenants]\nacme = \"per-party\"").find("p.toml:2:8: consent.tenants.acme: ") == 0);
}

TEST_CASE("notices and purposes: versions, languages, and who receives what") {
  const auto settings = settings_of(R"(
[[purposes]]
id = "quality"
version = "2026-11"
description = "Better service"
processors = ["Acme Labs", "Cloud Inc"]
[[notices]]
id = "n"
version = "1"
language = "de"
text = "Wir zeichnen auf."
[[notices]]
id = "n"
version = "1"
language = "fr"
text = "Nous enregistrons."
)");
  CHECK(settings.purpose_texts.at(0).version == "2026-11");
  CHECK(settings.purpose_texts.at(0).processors == std::vector<std::string>{"Acme Labs", "Cloud Inc"});
  REQUIRE(settings.notices.size() == 2);
  CHECK(settings.notices[1].text == "Nous enregistrons.");
  CHECK_FALSE(settings.notice);
  CHECK(errors_of("[[notices]]\nid = \"n\"\nversion = \"1\"\nlanguage = \"de\"").find("notices.text: is missing") !=
        std::string::npos);
}

TEST_CASE("quotas: of every tenant, and of those that have their own, which take the rest from the others'") {
  const auto settings = settings_of(R"(
[quota]
calls = 50
stored = "500GiB"
[quota.tenants]
acme = { calls = 200 }
"tiny tenant" = { stored = "1MiB" }
)");
  constexpr std::uint64_t kGiB = 1ULL << 30;
  CHECK(settings.quota.every == TenantQuota{50, 500 * kGiB});
  REQUIRE(settings.quota.tenants.size() == 2);
  CHECK(settings.quota.tenants.at("acme") == TenantQuota{200, 500 * kGiB});
  CHECK(settings.quota.tenants.at("tiny tenant") == TenantQuota{50, 1ULL << 20});
  CHECK(settings_of("").quota.every == TenantQuota{});
  CHECK(errors_of("[quota]\ncalls = 0").find("p.toml:2:9: quota.calls: ") == 0);
  CHECK(errors_of("[quota.tenants]\nacme = 5") ==
        "p.toml:2:8: quota.tenants.acme: is a whole number; allowed: { calls = 200, stored = \"500GiB\" }");
  CHECK(errors_of("[quota.tenants]\nacme = { call = 5 }").find("unknown key \"call\" in [quota.tenants.acme]") !=
        std::string::npos);
}

TEST_CASE("preroll none keeps nothing of what is held") {
  CHECK(settings_of("[consent]\npreroll = \"none\"").consent.gate.preroll.kind == Preroll::Kind::none);
}

TEST_CASE("the spoken answer is kept for the purpose that is its own") {
  const std::string purposes = "\n[[purposes]]\nid = \"quality\"\n[[purposes]]\nid = \"consent-evidence\"";
  CHECK_FALSE(settings_of("[consent]\ndefault_purposes = [\"quality\"]" + purposes).consent.gate.answer);
  const auto settings = settings_of("[consent]\ndefault_purposes = [\"quality\"]\nevidence = \"10s\"" + purposes);
  CHECK(settings.consent.gate.answer == SpokenAnswer{10s, Purpose(1)});
}

TEST_CASE("each error says where it is and what is allowed") {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"[consent]\nhold = 30",
       "p.toml:2:8: consent.hold: 30 is a bare number, not text in quotes; allowed: \"1s\" to \"5m\", a whole number "
       "with "
       "its unit (ms, s, m, h, d)"},
      {"[consent]\nhold = \"10m\"",
       "p.toml:2:8: consent.hold: \"10m\" is too long; allowed: \"1s\" to \"5m\", a whole number with its unit (ms, s, "
       "m, h, "
       "d)"},
      {"[consent]\nhold = \"0s\"",
       "p.toml:2:8: consent.hold: \"0s\" is too short; allowed: \"1s\" to \"5m\", a whole number with its unit (ms, s, "
       "m, h, "
       "d)"},
      {"[consent]\nhold = \"soon\"",
       "p.toml:2:8: consent.hold: \"soon\" is not a duration; allowed: \"1s\" to \"5m\", a whole number with its unit "
       "(ms, "
       "s, m, h, d)"},
      {"[consent]\nhold = true",
       "p.toml:2:8: consent.hold: is true or false; allowed: \"1s\" to \"5m\", a whole number with its unit (ms, s, m, "
       "h, d)"},
      {"[capacity]\ncalls = -1",
       "p.toml:2:9: capacity.calls: -1 is too small; allowed: a whole number from 1 to 20000"},
      {"[capacity]\ncalls = 9223372036854775807",
       "p.toml:2:9: capacity.calls: 9223372036854775807 is too large; allowed: a whole number from 1 to 20000"},
      {"[capacity]\ncalls = 1.5", "p.toml:2:9: capacity.calls: is a fraction; allowed: a whole number from 1 to 20000"},
      {"[capacity]\ncalls = \"100\"", "p.toml:2:9: capacity.calls: is text; allowed: a whole number from 1 to 20000"},
      {"[journal]\nfile_size = \"1TiB\"",
       "p.toml:2:13: journal.file_size: \"1TiB\" is not a size; allowed: \"4 MiB\" to \"4 GiB\", a whole number with "
       "its "
       "unit (KiB, MiB, GiB)"},
      {"[journal]\nfile_size = \"4194305B\"",
       "p.toml:2:13: journal.file_size: is not whole pages; allowed: a multiple of 4 KiB"},
      {"[listen]\napi = \"localhost:8090\"",
       "p.toml:2:7: listen.api: \"localhost:8090\" is not an address with a port; allowed: an IP address and a port, "
       "such as "
       "\"127.0.0.1:8090\" or \"[::1]:8090\""},
      {"[listen]\nrtp_ports = \"30000-20000\"",
       "p.toml:2:13: listen.rtp_ports: \"30000-20000\" is not a range of ports; allowed: two ports from 1024 up, the "
       "lower "
       "first, such as \"20000-29999\""},
      {"[listen]\nrtp_address = \"0.0.0.0\"",
       "p.toml:2:15: listen.rtp_address: binds to every address, so senders must be told which one to use; allowed: "
       "one "
       "address of this machine, or rtp_advertise beside it"},
      {"[listen]\nrtp_advertise = \"::\"",
       "p.toml:2:17: listen.rtp_advertise: no sender can reach the address of everywhere; allowed: an address of this "
       "machine that the media server reaches"},
      {"[media]\nrtcp_mux = \"yes\"", "p.toml:2:12: media.rtcp_mux: is text; allowed: true or false"},
      {"[consent]\npolicy = \"all\"",
       "p.toml:2:10: consent.policy: \"all\" is unknown; allowed: \"all-party\", \"per-party\", \"one-party\""},
      {"[consent]\npreroll = \"1h\"",
       "p.toml:2:11: consent.preroll: \"1h\" is more than is held; allowed: \"all\", \"none\" or a duration up to "
       "consent.hold (30s)"},
      {"[consent]\nevidence = \"31s\"",
       "p.toml:2:12: consent.evidence: \"31s\" is too long; allowed: \"1s\" to \"30s\", a whole number with its unit "
       "(ms, "
       "s, m, h, d)"},
      {"[consent]\nevidence = \"10s\"",
       "p.toml:2:12: consent.evidence: needs the purpose that it is read for; allowed: a [[purposes]] entry with id = "
       "\"consent-evidence\", and a yes that names it"},
      {"[consent]\ndefault_purposes = [\"qualty\"]",
       "p.toml:2:20: consent.default_purposes: \"qualty\" is not declared: did you mean \"quality\"?; allowed: those "
       "of "
       "[[purposes]]: quality"},
      {"[consent]\ndefault_purposes = []",
       "p.toml:2:20: consent.default_purposes: is empty; allowed: the purposes that a grant means when it names none"},
      {"[consent.digits]\n1 = { decision = \"granted\", purposes = [\"sales\"] }",
       "p.toml:2:40: consent.digits.1.purposes: \"sales\" is not declared; allowed: those of [[purposes]]: quality"},
      {"[consent.digits]\nE = { decision = \"denied\" }",
       "p.toml:2:1: consent.digits: \"E\" is not a key of a telephone; allowed: one of 0 to 9, *, #, A to D, in "
       "quotes"},
      {"[consent.digits]\n1 = { decision = \"granted\", action = \"pause\" }",
       "p.toml:2:38: consent.digits.1.action: cannot stand beside decision; allowed: { decision = \"granted\", "
       "purposes = "
       "[...] } or { action = \"pause\" }"},
      {"[consent.digits]\n5 = { action = \"resume\" }",
       "p.toml:2:16: consent.digits.5.action: no digit resumes: while a call is paused its digits may be a card "
       "number, and "
       "nobody listens to them (resume through the API); allowed: \"pause\""},
      {"[[purposes]]\nid = \"Quality\"",
       "p.toml:2:6: purposes.id: \"Quality\" is not a purpose's name; allowed: 1 to 64 of a-z, 0-9 and -"},
      {"[[purposes]]\nid = \"a\"\n[[purposes]]\nid = \"a\"",
       "p.toml:4:6: purposes.id: \"a\" stands there twice; allowed: each purpose once"},
      {"[[purposes]]\nid = \"a\"\n[[purposes]]\nid = \"b\"\n[consent]\nhold = \"5s\"",
       "p.toml:5:1: consent.default_purposes: is missing; allowed: the purposes that a grant means when it names none"},
      {"purposes = \"quality\"", "p.toml:1:12: purposes: is text; allowed: tables, each begun by [[purposes]]"},
      {"listen = 3", "p.toml:1:10: listen: is a whole number; allowed: a table: [listen]"},
      {"[store]\nkind = \"s3\"", "p.toml:2:8: store.kind: \"s3\" is unknown; allowed: \"files\""},
      {"[keys]\npath = \"\"",
       "p.toml:2:8: keys.path: is empty; allowed: text of 1 to 256 bytes without control characters"},
      {"[keys]\nprovider = \"cloud\"",
       "p.toml:2:12: keys.provider: \"cloud\" is unknown; allowed: \"file\", \"pkcs11\""},
      {"[keys]\ntoken = \"calls\"",
       "p.toml:2:9: keys.token: belongs to another provider; allowed: only beside provider = \"pkcs11\""},
      {"[keys]\nprovider = \"pkcs11\"\nmodule = \"/lib/hsm.so\"\ntoken = \"calls\"",
       "p.toml:1:1: keys.pin_file: is missing; allowed: a file of mode 0600 with the token's user PIN"},
      {"[keys]\nrotate = \"1m\"",
       "p.toml:2:10: keys.rotate: \"1m\" is too short; allowed: \"1h\" to \"3650d\", a whole number with its unit (ms, "
       "s, m, h, d)"},
      {"[consent]\nerasure = \"all\"", "p.toml:2:11: consent.erasure: \"all\" is unknown; allowed: \"leg\", \"call\""},
      {"[log]\nlevel = \"loud\"",
       "p.toml:2:9: log.level: \"loud\" is unknown; allowed: \"trace\", \"debug\", \"info\", \"warn\", \"error\""},
      {"[consent]\nholds = \"30s\"",
       "p.toml:2:1: unknown key \"holds\" in [consent]: did you mean \"hold\"?; allowed: policy, standing_roles, "
       "validity, erasure, tenants, on_withdraw, hold, deadline, lease, hold_floor, preroll, default_purposes, digits"},
      {"[sael]\nworkers = 1",
       "p.toml:1:2: unknown key \"sael\": did you mean \"seal\"?; allowed: purposes, listen, capacity, threads, media, "
       "consent, retention, webhooks, processors, notices, siprec, seal, journal, ledger, overload, quota, store, "
       "keys, memory, shutdown, "
       "log, "
       "notice, controller"},
      {"[log]\nzebra = 1", "p.toml:2:1: unknown key \"zebra\" in [log]; allowed: level, format"},
  };
  for (const auto& test : cases) {
    INFO(test.text);
    CHECK(errors_of(test.text) == test.error);
  }
}

TEST_CASE("a tenant may have its own retention for each purpose, in seconds to years, or keep") {
  const std::string purposes =
      "[[purposes]]\nid = \"quality\"\n[[purposes]]\nid = \"training\"\n"
      "[consent]\ndefault_purposes = [\"quality\"]\n";
  const auto settings = settings_of(purposes +
                                    "[retention.tenants]\nacme = { quality = \"90s\", training = \"keep\" }\n"
                                    "\"tiny tenant\" = { training = \"730d\" }");
  const RetentionRules expected{
      {{"acme", {{"quality", 90s}, {"training", std::nullopt}}}, {"tiny tenant", {{"training", 730 * 24h}}}}};
  CHECK(settings.retention == expected);
  CHECK(settings_of("").retention == RetentionRules());
  CHECK(errors_of("[retention.tenants]\nacme = \"30d\"") ==
        "p.toml:2:8: retention.tenants.acme: is text; allowed: { quality = \"30d\", training = \"keep\" }");
  CHECK(errors_of("[retention.tenants]\nacme = { qualty = \"30d\" }")
            .find("retention.tenants.acme.qualty: is not a purpose of this file") != std::string::npos);
  for (const char* wrong : {"\"0s\"", "\"500ms\"", "\"30\"", "\"200000d\"", "\"never\"", "30"}) {
    INFO(wrong);
    CHECK(errors_of("[retention.tenants]\nacme = { quality = " + std::string(wrong) + " }").find("a time from 1s to") !=
          std::string::npos);
  }
  CHECK_FALSE(errors_of("[retention]\nquality = \"30d\"").empty());
}

TEST_CASE("purposes without a retention are named at the start") {
  CHECK(retention_advice(settings_of("")).size() == 1);
  const auto some =
      retention_advice(settings_of("[[purposes]]\nid = \"quality\"\nretention = \"30d\"\n[[purposes]]\nid = "
                                   "\"training\"\n[consent]\ndefault_purposes = [\"quality\"]"));
  REQUIRE(some.size() == 1);
  CHECK(some.front().find("\"training\"") != std::string::npos);
}

TEST_CASE("a controller is whole or an error, and says for receipts what the file says") {
  CHECK(errors_of("[controller]\nid = \"1\"\nname = \"N\"\naddress = \"A\"\njurisdiction = \"DE\"") ==
        "p.toml:1:1: controller.contact: is missing; allowed: text; a controller needs id, name, address, contact and "
        "jurisdiction");
  const auto settings = settings_of(
      "[controller]\nid = \"1\"\nname = \"N\"\naddress = \"A\"\ncontact = \"C\"\njurisdiction = \"DE\"\n"
      "[[purposes]]\nid = \"quality\"\ndescription = \"D\"\nretention = \"2d\"");
  const auto terms = receipt_terms(settings);
  REQUIRE(terms);
  CHECK(terms->controller == ReceiptParty{"1", "N", "A", "C", std::nullopt});
  CHECK(terms->jurisdiction == "DE");
  CHECK_FALSE(terms->rights.empty());
  CHECK_FALSE(receipt_terms(settings_of("")));
}

TEST_CASE("a notice that is incomplete says what it lacks") {
  CHECK(errors_of("[notice]\nid = \"n\"\nversion = \"1\"\nlanguage = \"e\"") ==
        "p.toml:1:1: notice.text: is missing; allowed: text; a notice needs id, version, language and text\n"
        "p.toml:4:12: notice.language: \"e\" is not a language; allowed: a tag such as \"en\" or \"de-CH\" (RFC 5646)");
}

TEST_CASE("all errors of a file are reported, in the file's order") {
  const auto loaded = load_pipeline(
      "[seal]\nworkers = 0\nmax_delay = \"1h\"\n[log]\ncolour = \"red\"\n[capacity]\ncalls = \"x\"\n[listen]\napi = "
      "1\n");
  REQUIRE(!loaded);
  std::vector<std::uint32_t> lines;
  for (const auto& error : loaded.error()) lines.push_back(error.place.line);
  CHECK(lines == std::vector<std::uint32_t>{2, 3, 5, 7, 9});
}

TEST_CASE("what is not TOML is reported where the parser gave up") {
  const auto loaded = load_pipeline("[listen]\napi = \n");
  REQUIRE(!loaded);
  REQUIRE(loaded.error().size() == 1);
  CHECK(loaded.error()[0].place.line == 2);
  CHECK(loaded.error()[0].what.rfind("not TOML: ", 0) == 0);
  CHECK(!load_pipeline("[log]\nlevel = \"info\"\nlevel = \"info\"\n"));
  CHECK(!load_pipeline(std::string_view("\xFF\xFE\x00", 3)));
}

TEST_CASE("a file beyond the bound is refused unread") {
  CHECK(errors_of(std::string(limits::kConfigBytes + 1, '#')) ==
        "p.toml:1:1: the file has 1048577 bytes; allowed: at most 1 MiB");
}

TEST_CASE("a range of ports must hold the legs of all calls") {
  CHECK(errors_of("[listen]\nrtp_ports = \"20000-20099\"\n[capacity]\ncalls = 26") ==
        "p.toml:2:13: listen.rtp_ports: 20000-20099 has a pair of ports for 50 legs, and capacity.calls x "
        "legs_per_call is "
        "52; allowed: at least 104 ports, the first even; or fewer calls");
  CHECK(errors_of("[listen]\nrtp_ports = \"20000-20099\"\n[capacity]\ncalls = 25").empty());
}

TEST_CASE("ports given on the command line take the file's place before the whole is checked") {
  PipelineOverrides overrides;
  overrides.rtp_ports = PortSpan{40000, 40003};
  CHECK(errors_of("[capacity]\ncalls = 1", overrides).empty());
  CHECK(errors_of("[capacity]\ncalls = 2", overrides).find("--rtp-ports: 40000-40003 has a pair") != std::string::npos);
  overrides.api = parse_endpoint("127.0.0.1:1234");
  const auto loaded = load_pipeline("[capacity]\ncalls = 1", overrides);
  REQUIRE(loaded);
  CHECK(to_text((*loaded)->listen.api) == "127.0.0.1:1234");
  CHECK((*loaded)->listen.rtp_ports == PortSpan{40000, 40003});
}

TEST_CASE("only an even port with its odd neighbour is a pair") {
  CHECK(port_pairs({20000, 20001}) == 1);
  CHECK(port_pairs({20001, 20002}) == 0);
  CHECK(port_pairs({20001, 20003}) == 1);
  CHECK(port_pairs({20000, 20002}) == 1);
  CHECK(port_pairs({65534, 65535}) == 1);
}

TEST_CASE("what a file says is quoted without its control characters and not at length") {
  CHECK(in_quotes("a\x1B[31mb\n") == "\"a?[31mb?\"");
  CHECK(in_quotes(std::string(100, 'x')) == "\"" + std::string(60, 'x') + "...\"");
  CHECK(in_quotes(std::string(59, 'x') + "\xC3\xBC") == "\"" + std::string(59, 'x') + "...\"");
}

}  // namespace assent
