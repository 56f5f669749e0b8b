#include "tools/assent/arguments.h"

#include <sstream>

#include "catch.h"

namespace assent {
namespace {

constexpr const char* kId = "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6";

struct Parsed {
  std::variant<Arguments, ExitStatus> outcome;
  std::string out;
  std::string err;
};

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "assent");
  std::ostringstream out;
  std::ostringstream err;
  auto outcome = parse_arguments(static_cast<int>(words.size()), words.data(), out, err);
  return {std::move(outcome), out.str(), err.str()};
}

template <typename T>
T arguments_of(const std::vector<const char*>& words) {
  auto parsed = parse(words);
  INFO(parsed.err);
  REQUIRE(std::holds_alternative<Arguments>(parsed.outcome));
  REQUIRE(std::holds_alternative<T>(std::get<Arguments>(parsed.outcome)));
  return std::get<T>(std::get<Arguments>(parsed.outcome));
}

// The complaint about a wrong command line.
std::string complaint_of(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  REQUIRE(std::holds_alternative<ExitStatus>(parsed.outcome));
  CHECK(std::get<ExitStatus>(parsed.outcome) == ExitStatus::usage);
  CHECK(parsed.out.empty());
  return parsed.err;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("run takes a pipeline, a state folder, and what overrides the file") {
  const auto run = arguments_of<RunArguments>(
      {"run", "p.toml", "--state", "/s", "--api", "127.0.0.1:9000", "--rtp-ports", "30000-30099", "--drain", "5m"});
  CHECK(run.pipeline == "p.toml");
  CHECK(run.state == "/s");
  CHECK(to_text(*run.overrides.api) == "127.0.0.1:9000");
  CHECK(run.overrides.rtp_ports == PortSpan{30000, 30099});
  CHECK(run.overrides.drain == 5min);
  CHECK(contains(complaint_of({"run", "p.toml", "--state", "/s", "--drain", "25h"}), "a time up to 24h"));
}

TEST_CASE("top says which engine, how often, and whether once") {
  const auto live = arguments_of<TopArguments>({"top", "--state", "/s"});
  CHECK(live.engine.state == "/s");
  CHECK(live.interval == 1s);
  CHECK(live.frames == TopArguments::Frames::live);
  CHECK(live.output == Output::text);
  const auto once =
      arguments_of<TopArguments>({"top", "--api", "127.0.0.1:1", "--interval", "250ms", "--once", "--json"});
  CHECK(once.interval == 250ms);
  CHECK(once.frames == TopArguments::Frames::once);
  CHECK(once.output == Output::json);
  for (const char* wrong : {"99ms", "61s", "1", "soon"}) {
    INFO(wrong);
    CHECK(contains(complaint_of({"top", "--interval", wrong}), "a time from 100ms to 1m"));
  }
}

TEST_CASE("a decision on consent is read whole") {
  const auto consent =
      arguments_of<ConsentArguments>({"consent", kId, "--participant", "customer", "--decision", "granted", "--purpose",
                                      "quality", "--purpose", "training", "--state", "/s", "--json"});
  CHECK(to_text(consent.call) == kId);
  CHECK(consent.participant == "customer");
  CHECK(consent.decision == "granted");
  CHECK(consent.purposes == std::vector<std::string>{"quality", "training"});
  CHECK(consent.engine.state == "/s");
  CHECK(consent.output == Output::json);
}

TEST_CASE("an option that may be repeated takes one word at a time, so that an id may follow") {
  const auto consent = arguments_of<ConsentArguments>(
      {"consent", "--participant", "a", "--decision", "granted", "--purpose", "quality", kId});
  CHECK(to_text(consent.call) == kId);
  CHECK(consent.purposes == std::vector<std::string>{"quality"});
}

TEST_CASE("a withdrawal of everybody in a call names no participant, and no other decision does without") {
  CHECK_FALSE(arguments_of<ConsentArguments>({"consent", kId, "--decision", "withdrawn"}).participant);
  CHECK(contains(complaint_of({"consent", kId, "--decision", "granted"}), "--participant"));
}

TEST_CASE("withdraw names a person, and says of what and how they said so") {
  const auto all = arguments_of<WithdrawArguments>({"withdraw", "--subject", "customer-1", "--state", "/s"});
  CHECK(all.subject == "customer-1");
  CHECK(all.purposes.empty());
  CHECK(all.signal == "api");
  const auto one = arguments_of<WithdrawArguments>({"withdraw", "--subject", "c", "--tenant", "acme", "--purpose", "a",
                                                    "--purpose", "b", "--signal", "web", "--value", "form 12"});
  CHECK(one.tenant == "acme");
  CHECK(one.purposes == std::vector<std::string>{"a", "b"});
  CHECK(one.signal == "web");
  CHECK(one.value == "form 12");
  CHECK(contains(complaint_of({"withdraw"}), "--subject"));

  const auto erase = arguments_of<EraseArguments>({"erase", "--subject", "c", "--tenant", "acme", "--yes"});
  CHECK(erase.subject == "c");
  CHECK(erase.tenant == "acme");
  CHECK(erase.confirm == EraseArguments::Confirm::given);
  CHECK(arguments_of<EraseArguments>({"erase", "--account", "acme"}).account == "acme");

  const auto disclose = arguments_of<DiscloseArguments>(
      {"disclose", "customer-1", "--output", "c.zip", "--recipient", "age1x", "--tenant", "acme", "--keep"});
  CHECK(disclose.subject == "customer-1");
  CHECK(disclose.out == "c.zip");
  CHECK(disclose.recipient == "age1x");
  CHECK(disclose.tenant == "acme");
  CHECK(disclose.afterwards == DiscloseArguments::Afterwards::keep);
  CHECK(arguments_of<DiscloseArguments>({"disclose", "c", "--output", "c.zip"}).afterwards ==
        DiscloseArguments::Afterwards::remove);
  CHECK(contains(complaint_of({"erase"}), "--subject or --account"));
  CHECK(contains(complaint_of({"erase", "--account", "a", "--subject", "c"}), "--subject"));
  CHECK(contains(complaint_of({"withdraw", "--subject", "c", "--signal", "standing"}), "standing"));
}

TEST_CASE("consents, notices and purposes list by themselves, and have commands below them") {
  using Standing = StandingArguments::Act;
  CHECK(arguments_of<StandingArguments>({"consents", "--subject", "agent-7"}).act == Standing::list);
  const auto given = arguments_of<StandingArguments>({"consents", "add", "--subject", "agent-7", "--purpose", "quality",
                                                      "--until", "2027-12-31T00:00:00Z", "--notice", "n/2/de",
                                                      "--evidence", "drawer 7", "--json"});
  CHECK(given.act == Standing::add);
  CHECK(given.subject == "agent-7");
  CHECK(given.notice->version == "2");
  CHECK(given.notice->language == "de");
  CHECK(to_rfc3339(*given.until) == "2027-12-31T00:00:00.000Z");
  CHECK(given.output == Output::json);
  const auto taken = arguments_of<StandingArguments>({"consents", "withdraw", kId, "--subject", "agent-7"});
  CHECK(taken.act == Standing::withdraw);
  CHECK(to_text(taken.consent) == kId);
  CHECK(contains(complaint_of({"consents"}), "--subject"));
  CHECK(contains(complaint_of({"consents", "add", "--subject", "a"}), "--purpose"));
  for (const char* notice : {"n", "n/", "/1", "n//de", "n/1/"}) {
    CHECK(contains(complaint_of({"consents", "add", "--subject", "a", "--purpose", "q", "--notice", notice}),
                   "ID/VERSION"));
  }

  CHECK(arguments_of<NoticesArguments>({"notices"}).act == NoticesArguments::Act::list);
  const auto notice = arguments_of<NoticesArguments>(
      {"notices", "add", "--id", "n", "--notice-version", "2", "--language", "en", "--text", "We record."});
  CHECK(notice.act == NoticesArguments::Act::add);
  CHECK(notice.text == "We record.");
  CHECK(contains(complaint_of({"notices", "add", "--id", "n", "--notice-version", "2", "--language", "en"}), "--text"));
  CHECK(contains(complaint_of({"notices", "add", "--id", "n", "--language", "en", "--text", "t"}), "--notice-version"));

  CHECK(arguments_of<PurposesArguments>({"purposes"}).act == PurposesArguments::Act::list);
  const auto purpose = arguments_of<PurposesArguments>({"purposes", "add", "--id", "training", "--description", "D",
                                                        "--retention-hours", "48", "--processor", "Transcribers Ltd"});
  CHECK(purpose.act == PurposesArguments::Act::add);
  CHECK(purpose.retention_hours == 48);
  CHECK(purpose.processors == std::vector<std::string>{"Transcribers Ltd"});
  CHECK(contains(complaint_of({"purposes", "add", "--id", "t"}), "--description"));

  const std::vector<std::pair<const char*, std::vector<const char*>>> below = {
      {"consents", {"add", "withdraw"}}, {"notices", {"add"}}, {"purposes", {"add"}}};
  for (const auto& [command, acts] : below) {
    for (const char* act : acts) {
      INFO(command << " " << act);
      const auto parsed = parse({command, act, "--help"});
      CHECK(std::get<ExitStatus>(parsed.outcome) == ExitStatus::ok);
      CHECK(contains(parsed.out, "Example:\n  assent " + std::string(command) + " " + act));
    }
  }
}

TEST_CASE("pause and resume are told apart") {
  CHECK(arguments_of<PauseArguments>({"pause", kId, "--reason", "card"}).turn == PauseArguments::Turn::pause);
  CHECK(arguments_of<PauseArguments>({"resume", kId, "--reason", "done"}).turn == PauseArguments::Turn::resume);
}

TEST_CASE("recordings are filtered by person, state and time") {
  const auto recordings = arguments_of<RecordingsArguments>(
      {"recordings", "--subject", "c-1", "--recording-state", "complete", "--from", "2026-11-01T00:00:00Z"});
  CHECK(recordings.subject == "c-1");
  CHECK(recordings.state == "complete");
  CHECK(to_rfc3339(*recordings.from) == "2026-11-01T00:00:00.000Z");
}

TEST_CASE("audio is exported for a purpose, to a file") {
  const auto audio = arguments_of<ExportArguments>(
      {"export", kId, "--purpose", "quality", "--format", "mka", "--leg", "agent", "--out", "a.mka", "--state", "/s"});
  CHECK(to_text(audio.recording) == kId);
  CHECK(audio.purpose == "quality");
  CHECK(audio.format == ExportFormat::mka);
  CHECK(audio.legs == std::vector<std::string>{"agent"});
  CHECK(audio.out == "a.mka");
}

TEST_CASE("keys are exported from a state folder, for a purpose") {
  const auto keys = arguments_of<ExportKeysArguments>(
      {"export", kId, "--keys", "--purpose", "quality", "--json", "--state", "/s", "--root-key", "/k/root.key"});
  CHECK(keys.purpose == "quality");
  CHECK(to_text(keys.recording) == kId);
  CHECK(keys.state.folder == "/s");
  CHECK(keys.state.root_key == "/k/root.key");
  CHECK(keys.engine.state == "/s");
  CHECK(keys.output == Output::json);
}

TEST_CASE("verify takes recordings and files, or all of a state folder") {
  const auto named = arguments_of<VerifyArguments>({"verify", kId, "a.assent"});
  CHECK(named.what == std::vector<std::string>{kId, "a.assent"});
  CHECK(!named.state);
  const auto all = arguments_of<VerifyArguments>({"verify", "--state", "/s"});
  CHECK(all.what.empty());
  CHECK(all.state->folder == "/s");
}

TEST_CASE("delete asks unless it was told yes") {
  CHECK(arguments_of<DeleteArguments>({"delete", kId}).confirm == DeleteArguments::Confirm::ask);
  CHECK(arguments_of<DeleteArguments>({"delete", kId, "--yes"}).confirm == DeleteArguments::Confirm::given);
  CHECK(arguments_of<DeleteArguments>({"delete", kId, "--receipt", "r.jws"}).receipt == "r.jws");
  CHECK(arguments_of<EraseArguments>({"erase", "--subject", "c", "--receipt", "r.jws"}).receipt == "r.jws");
}

TEST_CASE("every command has a help with an example") {
  for (const char* command : {"run",     "check",    "calls",  "consent", "withdraw", "erase",      "consents",
                              "notices", "purposes", "pause",  "resume",  "end",      "recordings", "show",
                              "export",  "verify",   "delete", "salvage", "ledger",   "hold",       "version"}) {
    INFO(command);
    const auto parsed = parse({command, "--help"});
    REQUIRE(std::holds_alternative<ExitStatus>(parsed.outcome));
    CHECK(std::get<ExitStatus>(parsed.outcome) == ExitStatus::ok);
    CHECK(contains(parsed.out, "Example:\n  assent " + std::string(command)));
    CHECK(parsed.err.empty());
  }
}

TEST_CASE("processors lists them, tries again what was given up, and waives with a reason") {
  using Act = ProcessorsArguments::Act;
  CHECK(arguments_of<ProcessorsArguments>({"processors"}).act == Act::list);
  CHECK(arguments_of<ProcessorsArguments>({"processors", "--json", "--state", "/s"}).output == Output::json);
  const auto retry = arguments_of<ProcessorsArguments>({"processors", "retry", "stt", "--state", "/s"});
  CHECK(retry.act == Act::retry);
  CHECK(retry.name == "stt");
  CHECK(retry.engine.state == "/s");
  const auto waive =
      arguments_of<ProcessorsArguments>({"processors", "waive", "stt", "--reason", "gone", "--erasure", kId});
  CHECK(waive.act == Act::waive);
  CHECK(waive.reason == "gone");
  CHECK(to_text(*waive.erasure) == kId);
  CHECK(contains(complaint_of({"processors", "waive", "stt"}), "--reason"));
  CHECK(contains(complaint_of({"processors", "retry"}), "PROCESSOR"));
}

TEST_CASE("keys tells how old they are unless it is asked to replace them") {
  using Act = KeysArguments::Act;
  CHECK(arguments_of<KeysArguments>({"keys"}).act == Act::status);
  CHECK(arguments_of<KeysArguments>({"keys", "--state", "/s"}).engine.state == "/s");
  CHECK(arguments_of<KeysArguments>({"keys", "status", "--json"}).output == Output::json);
  const auto rotate = arguments_of<KeysArguments>({"keys", "rotate", "--state", "/s"});
  CHECK(rotate.act == Act::rotate);
  CHECK(rotate.engine.state == "/s");
  CHECK(arguments_of<VerifyArguments>({"verify", "--state", "/c", "--keys-from", "/s"}).state->keys_from == "/s");
}

TEST_CASE("a hold is placed on one thing, for a reason; listed; released") {
  using Act = HoldArguments::Act;
  const auto on_recording =
      arguments_of<HoldArguments>({"hold", "place", "--recording", kId, "--reason", "case 1", "--state", "/s"});
  CHECK(on_recording.act == Act::place);
  CHECK(on_recording.on == HoldTarget::recording);
  CHECK(on_recording.target == kId);
  CHECK(on_recording.engine.state == "/s");
  CHECK_FALSE(on_recording.until);
  CHECK(arguments_of<HoldArguments>({"hold", "place", "--call", kId, "--reason", "c"}).on == HoldTarget::call);
  const auto on_person = arguments_of<HoldArguments>({"hold", "place", "--subject", "customer-1", "--tenant", "acme",
                                                      "--reason", "c", "--until", "2027-12-31T00:00:00Z", "--json"});
  CHECK(on_person.on == HoldTarget::subject);
  CHECK(on_person.target == "customer-1");
  CHECK(on_person.tenant == "acme");
  CHECK(on_person.until == parse_rfc3339("2027-12-31T00:00:00Z"));
  CHECK(on_person.output == Output::json);
  CHECK(arguments_of<HoldArguments>({"hold", "place", "--account", "acme", "--reason", "c"}).on == HoldTarget::tenant);
  CHECK(arguments_of<HoldArguments>({"hold", "list"}).which == HoldArguments::Which::standing);
  CHECK(arguments_of<HoldArguments>({"hold", "list", "--ended"}).which == HoldArguments::Which::ended);
  const auto release = arguments_of<HoldArguments>({"hold", "release", kId, "--reason", "closed"});
  CHECK(release.act == Act::release);
  CHECK(to_text(release.hold) == kId);
  CHECK(release.reason == "closed");

  CHECK_FALSE(complaint_of({"hold"}).empty());
  CHECK_FALSE(complaint_of({"hold", "place", "--reason", "c"}).empty());
  CHECK_FALSE(complaint_of({"hold", "place", "--recording", kId, "--account", "a", "--reason", "c"}).empty());
  CHECK(contains(complaint_of({"hold", "place", "--recording", kId}), "--reason"));
  CHECK(contains(complaint_of({"hold", "release", kId}), "--reason"));
  for (const char* command : {"place", "list", "release"}) {
    INFO(command);
    const auto parsed = parse({"hold", command, "--help"});
    CHECK(std::get<ExitStatus>(parsed.outcome) == ExitStatus::ok);
    CHECK(contains(parsed.out, "Example:\n  assent hold " + std::string(command)));
  }
}

TEST_CASE("ledger shows by itself, and has commands below it, each with a help and an example") {
  using Act = LedgerArguments::Act;
  const std::string head = "12:" + std::string(64, 'a');
  CHECK(arguments_of<LedgerArguments>({"ledger"}).act == Act::show);
  CHECK(arguments_of<LedgerArguments>({"ledger", "--state", "/s"}).engine.state == "/s");
  CHECK(arguments_of<LedgerArguments>({"ledger", "show", "--json"}).output == Output::json);
  const auto verify =
      arguments_of<LedgerArguments>({"ledger", "verify", "--state", "/s", "--expect-head", head.c_str()});
  CHECK(verify.act == Act::verify);
  CHECK(verify.engine.state == "/s");
  CHECK(verify.expect_head->seq == 12);
  const auto exported = arguments_of<LedgerArguments>({"ledger", "export", "--state", "/s", "--out", "f"});
  CHECK(exported.act == Act::export_records);
  CHECK(exported.out == "f");
  CHECK(arguments_of<LedgerArguments>({"ledger", "rotate-key", "--state", "/s"}).act == Act::rotate_key);

  for (const char* wrong : {"12", "12:", "x:00", ":00", "12:0g"}) {
    CHECK(contains(complaint_of({"ledger", "verify", "--expect-head", wrong}), "SEQ:HASH"));
  }
  CHECK(contains(complaint_of({"ledger", "export"}), "--state"));
  for (const char* command : {"show", "verify", "export", "rotate-key"}) {
    INFO(command);
    const auto parsed = parse({"ledger", command, "--help"});
    CHECK(std::get<ExitStatus>(parsed.outcome) == ExitStatus::ok);
    CHECK(contains(parsed.out, "Example:\n  assent ledger " + std::string(command)));
  }
}

TEST_CASE("the help of the program names its commands and exit statuses") {
  const auto parsed = parse({"--help"});
  CHECK(std::get<ExitStatus>(parsed.outcome) == ExitStatus::ok);
  CHECK(contains(parsed.out, "Exit status: 0"));
  CHECK(contains(parsed.out, "salvage"));
}

TEST_CASE("a wrong command line says what is wrong with it") {
  CHECK(contains(complaint_of({}), "subcommand is required"));
  CHECK(contains(complaint_of({"verfy"}), "\"verfy\" is not a command: did you mean verify?"));
  CHECK(contains(complaint_of({"run", "p.toml"}), "--state"));
  CHECK(contains(complaint_of({"show", "4711"}), "\"4711\" is not an id"));
  CHECK(contains(complaint_of({"calls", "--api", "localhost"}), "\"localhost\" is not an IP address and a port"));
  CHECK(contains(complaint_of({"run", "p", "--state", "s", "--rtp-ports", "9-1"}), "\"9-1\" is not two ports"));
  CHECK(contains(complaint_of({"consent", kId, "--participant", "a", "--decision", "maybe"}), "maybe"));
  CHECK(contains(complaint_of({"recordings", "--from", "yesterday"}), "\"yesterday\" is not a time"));
  CHECK(contains(complaint_of({"export", kId, "--out", "a.wav"}), "--purpose"));
  CHECK(contains(complaint_of({"export", kId, "--purpose", "quality"}), "--out"));
  CHECK(contains(complaint_of({"export", kId, "--keys", "--purpose", "quality"}), "--state"));
  CHECK(contains(complaint_of({"export", kId, "--keys", "--state", "/s"}), "--purpose"));
  CHECK(contains(complaint_of({"export", kId, "--purpose", "q", "--out", "a", "--format", "mp3"}), "mp3"));
  CHECK(contains(complaint_of({"verify"}), "--state"));
  CHECK(contains(complaint_of({"salvage"}), "--state"));
}

}  // namespace assent
