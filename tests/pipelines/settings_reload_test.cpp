#include "pipelines/settings_reload.h"

#include <algorithm>

#include "catch.h"
#include "loaded_settings.h"

namespace assent {
namespace {

using Names = std::vector<std::string>;

SettingsReload reload(const std::string& started, const std::string& read) {
  const PipelineSettings settings = settings_of(started);
  return reload_settings(settings, settings, settings_of(read));
}

}  // namespace

TEST_CASE("a file that says the same changes nothing, however it says it") {
  const auto same = reload("", "[consent]\nhold = \"30000ms\"\n[shutdown]\ndrain = \"20s\"");
  CHECK(same.changed.empty());
  CHECK(same.at_next_start.empty());
}

TEST_CASE("what concerns new calls only, the log's level and the drain hold at once") {
  const auto changed = reload("", R"(
[consent]
policy = "per-party"
hold = "10s"
deadline = "20s"
lease = "15s"
preroll = "5s"
on_withdraw = "erase"
[consent.digits]
1 = { decision = "granted" }
[notice]
id = "n"
version = "1"
language = "en"
text = "We record."
[log]
level = "debug"
[shutdown]
drain = "5m"
calls = "end"
)");
  CHECK(changed.changed == Names{"consent.policy", "consent.hold", "consent.deadline", "consent.preroll",
                                 "consent.on_withdraw", "consent.digits", "consent.lease", "notice", "log.level",
                                 "shutdown.drain", "shutdown.calls"});
  CHECK(changed.at_next_start.empty());
  CHECK(changed.running.consent.gate.policy == Policy::per_party);
  CHECK(changed.running.consent.gate.hold == 10s);
  CHECK(changed.running.consent.lease == 15s);
  CHECK(changed.running.consent.gate.preroll == Preroll::last(5s));
  CHECK(changed.running.consent.gate.digits.action_of('1').kind == DigitAction::Kind::decide);
  CHECK(changed.running.notice->text == "We record.");
  CHECK(changed.running.log.level == pipeline::Log::Level::debug);
  CHECK(changed.running.shutdown.drain == 5min);
}

TEST_CASE("what ports, threads, memory and files were made from waits for the next start, by name") {
  const auto waits = reload("", R"(
[listen]
api = "127.0.0.1:9000"
rtp_address = "127.0.0.2"
rtp_advertise = "192.0.2.1"
rtp_ports = "30000-39999"
[capacity]
calls = 50
legs_per_call = 3
[threads]
shards = 2
pin_shards = [0, 1]
[media]
reorder_window = "80ms"
rtcp_mux = true
sockets = "per-leg"
sweep = "10ms"
idle_timeout = "1h"
[seal]
max_delay = "2s"
workers = 2
segment_time = "30s"
[journal]
commit_interval = "100ms"
file_size = "64MiB"
sealed_pages = 65536
[ledger]
checkpoint_interval = "10m"
checkpoint_records = 500
[keys]
path = "other.key"
[memory]
backing = "locked"
[log]
format = "text"
)");
  CHECK(waits.changed.empty());
  CHECK(waits.at_next_start == Names{"listen.api",
                                     "listen.rtp_address",
                                     "listen.rtp_advertise",
                                     "listen.rtp_ports",
                                     "capacity.calls",
                                     "capacity.legs_per_call",
                                     "threads.shards",
                                     "threads.pin_shards",
                                     "media.reorder_window",
                                     "media.rtcp_mux",
                                     "media.sockets",
                                     "media.sweep",
                                     "media.idle_timeout",
                                     "seal.max_delay",
                                     "seal.workers",
                                     "seal.segment_time",
                                     "journal.commit_interval",
                                     "journal.file_size",
                                     "journal.sealed_pages",
                                     "ledger.checkpoint_interval",
                                     "ledger.checkpoint_records",
                                     "keys.path",
                                     "memory.backing",
                                     "log.format"});
  CHECK(waits.running.capacity.calls == limits::kCallsDefault);
}

TEST_CASE("a ring may hold less than at the start, and again as much, never more") {
  const PipelineSettings started = settings_of("[consent]\nhold = \"20s\"");
  const auto less = reload_settings(started, started, settings_of("[consent]\nhold = \"10s\""));
  CHECK(less.running.consent.gate.hold == 10s);
  const auto again = reload_settings(started, less.running, settings_of("[consent]\nhold = \"20s\""));
  CHECK(again.running.consent.gate.hold == 20s);
  CHECK(again.changed == Names{"consent.hold"});
  const auto more = reload_settings(started, less.running, settings_of("[consent]\nhold = \"21s\""));
  CHECK(more.running.consent.gate.hold == 10s);
  CHECK(more.at_next_start == Names{"consent.hold above 20s"});
}

TEST_CASE("a preroll beyond what the ring holds waits with it, so that calls go on being taken") {
  const auto waits = reload("[consent]\nhold = \"10s\"", "[consent]\nhold = \"20s\"\npreroll = \"15s\"");
  CHECK(waits.at_next_start == Names{"consent.hold above 10s", "consent.preroll"});
  CHECK(CallConsent::create(waits.running.consent.gate));
}

TEST_CASE("consent settings wait while the purposes are others, since they name them") {
  const std::string two = "[[purposes]]\nid = \"quality\"\n[[purposes]]\nid = \"training\"\n";
  const auto waits = reload("", two + "[consent]\npolicy = \"per-party\"\ndefault_purposes = [\"training\"]");
  CHECK(waits.changed.empty());
  CHECK(waits.at_next_start == Names{"consent (its settings name purposes)", "purposes"});
  CHECK(waits.running.consent.gate.policy == Policy::all_party);
}

TEST_CASE("webhooks hold at once; which legs are listened to for tones waits") {
  const auto changed = reload("", R"(
[media]
inband_dtmf = "auto"
[[webhooks]]
name = "ivr"
secret_file = "ivr.secret"
)");
  CHECK(changed.changed == Names{"webhooks"});
  CHECK(changed.running.webhooks.size() == 1);
  CHECK(changed.at_next_start == Names{"media.inband_dtmf"});
}

TEST_CASE("a tenant's own retention holds at once, for purposes that the engine runs with") {
  const auto changed = reload("", "[retention.tenants]\nacme = { quality = \"2d\" }");
  CHECK(changed.changed == Names{"retention.tenants"});
  CHECK(changed.running.retention.tenants.at("acme").at("quality") == 48h);
  const auto waits = reload("", "[retention.tenants]\nacme = { training = \"2d\" }\n[[purposes]]\nid = \"training\"");
  CHECK(waits.running.retention.tenants.empty());
  CHECK(std::count(waits.at_next_start.begin(), waits.at_next_start.end(), "retention.tenants") == 1);
}

TEST_CASE("rules of consent, of all tenants and of each, hold for new calls at once") {
  const auto changed = reload("", R"(
[consent]
standing_roles = ["agent"]
validity = "365d"
[consent.tenants]
acme = { policy = "per-party" }
[[notices]]
id = "n"
version = "1"
language = "de"
text = "Wir zeichnen auf."
)");
  CHECK(changed.changed == Names{"consent.validity", "consent.standing_roles", "consent.tenants", "notices"});
  CHECK(changed.running.consent.rules.of("acme").policy == Policy::per_party);
  CHECK(changed.running.consent.rules.of("acme").counts_standing("agent"));
  CHECK(changed.running.consent.rules.of("other").validity == std::optional<nanoseconds>(365 * 24h));
  CHECK(changed.running.consent.gate.validity == std::optional<nanoseconds>(365 * 24h));
  CHECK(changed.running.notices.size() == 1);
}

}  // namespace assent
