#include "tools/assent/arguments.h"

#include <CLI/CLI.hpp>
#include <functional>

#include "base/limits.h"
#include "engine/catalog/ledger.h"
#include "pipelines/quantity.h"
#include "pipelines/section_reader.h"
#include "tools/assent/argument_options.h"
#include "tools/assent/consent_options.h"
#include "tools/assent/hold_options.h"

namespace assent {
namespace {

constexpr const char* kDescription =
    "assent records calls only with consent.\n"
    "\n"
    "Commands that talk to a running engine find it by --state DIR (its address in DIR/engine.json, its token in\n"
    "DIR/admin.token) or by --api and --token; ASSENT_TOKEN is a token that does not show in the list of processes.";
constexpr const char* kFooter =
    "Exit status: 0 done and nothing wrong found; 1 it could not be done, or something wrong was found; 2 the command\n"
    "line is wrong.\n"
    "\n"
    "Start here:\n"
    "  assent run pipelines/embedded.toml --state /var/lib/assent\n";

void add_root_key(CLI::App& app, std::optional<std::filesystem::path>& root_key) {
  app.add_option("--root-key", root_key, "root key file (default: root.key in the state folder)")->type_name("FILE");
}

std::optional<ExportFormat> parse_format(const std::string& text) {
  for (const auto format : {ExportFormat::wav, ExportFormat::ogg, ExportFormat::mka}) {
    if (name_of(format) == text) return format;
  }
  return std::nullopt;
}

void add_overrides(CLI::App& app, PipelineOverrides& overrides) {
  add_parsed(app, "--api", overrides.api, parse_endpoint, "where the API listens, instead of listen.api",
             "an IP address and a port")
      ->type_name("ADDR:PORT");
  const auto parse_ports = [](const std::string& text) -> std::optional<PortSpan> {
    const auto span = parse_port_span(text);
    return span ? std::optional<PortSpan>(*span) : std::nullopt;
  };
  add_parsed(app, "--rtp-ports", overrides.rtp_ports, parse_ports, "ports for legs, instead of listen.rtp_ports",
             "two ports from 1024 up, the lower first, such as 20000-29999")
      ->type_name("LO-HI");
  const auto parse_drain = [](const std::string& text) {
    const auto drain = parse_duration(text);
    return drain && *drain <= limits::kDrainMax ? drain : std::nullopt;
  };
  add_parsed(app, "--drain", overrides.drain, parse_drain,
             "how long calls may go on after SIGTERM, instead of shutdown.drain", "a time up to 24h, such as 20s")
      ->type_name("TIME");
}

// The commands, each with its arguments. CLI11 keeps references to them, so they live as long as the parse.
class Commands {
 public:
  explicit Commands(CLI::App& app) : app_(app) {
    add_running();
    add_calls();
    consent_options_.emplace(app_, [this](Arguments arguments) { chosen_ = std::move(arguments); });
    add_recordings();
    hold_options_.emplace(app_, [this](Arguments arguments) { chosen_ = std::move(arguments); });
    add_state();
  }

  const Arguments& chosen() const { return chosen_; }

 private:
  template <typename T>
  CLI::App& add(const std::string& name, T& arguments, const std::string& does, const std::string& example) {
    CLI::App* command = app_.add_subcommand(name, does);
    command->footer("Example:\n  " + example + "\n");
    command->callback([this, &arguments] { chosen_ = arguments; });
    return *command;
  }

  void add_running() {
    auto& run = add("run", run_, "Start the engine on a pipeline, until it is stopped",
                    "assent run pipelines/embedded.toml --state /var/lib/assent --api 127.0.0.1:8090");
    run.add_option("PIPELINE", run_.pipeline, "pipeline file (TOML)")->required()->type_name("");
    run.add_option("--state", run_.state, "folder for everything the engine keeps")->required()->type_name("DIR");
    add_overrides(run, run_.overrides);

    auto& check = add("check", check_, "Find every error in a pipeline file, and say what it needs of this machine",
                      "assent check pipelines/embedded.toml --state /var/lib/assent");
    check.add_option("PIPELINE", check_.pipeline, "pipeline file (TOML)")->required()->type_name("");
    check.add_option("--state", check_.state, "also look at this state folder")->type_name("DIR");
    add_overrides(check, check_.overrides);
    add_output(check, check_.output);

    auto& version = add("version", version_, "Say which version this is", "assent version");
    add_output(version, version_.output);
  }

  void add_calls() {
    auto& calls = add("calls", calls_, "List the live calls, or show one", "assent calls --state /var/lib/assent");
    add_parsed(calls, "CALL", calls_.call, parse_id<CallId>, "id of one call", "a call's id");
    add_engine(calls, calls_.engine);
    add_output(calls, calls_.output);

    auto& consent = add("consent", consent_, "Put a participant's decision on record",
                        "assent consent 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --participant customer --decision granted "
                        "--purpose quality");
    add_id(consent, "CALL", consent_.call, "id of the call");
    auto* participant = consent.add_option("--participant", consent_.participant,
                                           "the participant's ref or id; left out of a withdrawal: everybody's");
    participant->type_name("REF");
    consent.add_option("--decision", consent_.decision, "granted, denied or withdrawn")
        ->required()
        ->check(CLI::IsMember({"granted", "denied", "withdrawn"}))
        ->type_name("");
    consent.add_option("--purpose", consent_.purposes, "a purpose; may be repeated (default: the pipeline's)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    add_engine(consent, consent_.engine);
    add_output(consent, consent_.output);
    consent.callback([this, participant] {
      if (participant->empty() && consent_.decision != "withdrawn") throw CLI::RequiredError("--participant");
      chosen_ = consent_;
    });

    add_top();

    const auto add_turn = [this](const std::string& name, PauseArguments& arguments, PauseArguments::Turn turn,
                                 const std::string& does) {
      arguments.turn = turn;
      auto& command = add(name, arguments, does,
                          "assent " + name + " 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --reason \"card payment\"");
      add_id(command, "CALL", arguments.call, "id of the call");
      command.add_option("--reason", arguments.reason, "why, for the record")->required()->type_name("TEXT");
      add_engine(command, arguments.engine);
      add_output(command, arguments.output);
    };
    add_turn("pause", pause_, PauseArguments::Turn::pause, "Stop keeping a call's audio for a while");
    add_turn("resume", resume_, PauseArguments::Turn::resume, "Go on keeping a call's audio");

    auto& end = add("end", end_, "End a call, and wait until what was consented to is stored",
                    "assent end 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6");
    add_id(end, "CALL", end_.call, "id of the call");
    add_engine(end, end_.engine);
    add_output(end, end_.output);
  }

  void add_top() {
    auto& top = add("top", top_, "Watch what an engine does, live", "assent top --state /var/lib/assent");
    const auto parse_interval = [](const std::string& text) {
      const auto interval = parse_duration(text);
      return interval && *interval >= kTopIntervalMin && *interval <= kTopIntervalMax ? interval : std::nullopt;
    };
    add_parsed(top, "--interval", top_.interval, parse_interval, "how often to look (default: 1s)",
               "a time from 100ms to 1m, such as 2s")
        ->type_name("TIME");
    top.add_flag_callback(
        "--once", [this] { top_.frames = TopArguments::Frames::once; }, "print one frame, of one interval, and end");
    add_engine(top, top_.engine);
    add_output(top, top_.output);
  }

  void add_recordings() {
    auto& recordings = add("recordings", recordings_, "List what was recorded, newest first",
                           "assent recordings --subject customer-4711 --from 2026-11-01T00:00:00Z");
    recordings.add_option("--subject", recordings_.subject, "the person's id or your reference of them")
        ->type_name("REF");
    recordings.add_option("--tenant", recordings_.tenant, "name of the tenant")->type_name("NAME");
    recordings.add_option("--recording-state", recordings_.state, "open, complete, incomplete, recovered or erased")
        ->check(CLI::IsMember({"open", "complete", "incomplete", "recovered", "erased"}))
        ->type_name("");
    const std::string time_form = "a time such as 2026-11-24T22:59:00Z";
    add_parsed(recordings, "--from", recordings_.from, parse_rfc3339, "started at or after", time_form);
    add_parsed(recordings, "--to", recordings_.to, parse_rfc3339, "started before", time_form);
    add_engine(recordings, recordings_.engine);
    add_output(recordings, recordings_.output);

    auto& show = add("show", show_, "Show a recording: people, legs, consents, segments",
                     "assent show 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --purpose quality");
    add_id(show, "RECORDING", show_.recording, "id of the recording");
    show.add_option(
            "--purpose", show_.purpose,
            "with what notes say and what the call was like; PURPOSE is what they are read for, and goes on record")
        ->type_name("PURPOSE");
    show.add_option("--wave", show_.wave_purpose,
                    "draw the waveform; PURPOSE is what it is heard for, and goes on record")
        ->type_name("PURPOSE");
    add_engine(show, show_.engine);
    add_output(show, show_.output);

    add_export();

    auto& erase = add("delete", delete_, "Destroy a recording: its keys first, then its files",
                      "assent delete 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --yes");
    add_id(erase, "RECORDING", delete_.recording, "id of the recording");
    erase.add_flag_callback(
        "--yes", [this] { delete_.confirm = DeleteArguments::Confirm::given; }, "do not ask");
    add_receipt(erase, delete_.receipt);
    add_engine(erase, delete_.engine);
    add_output(erase, delete_.output);

    add_ledger();
    add_keys();
  }

  // `keys` alone tells how old they are.
  void add_keys() {
    using Act = KeysArguments::Act;
    auto& keys =
        add("keys", keys_, "Tell how old the keys are, or replace them", "assent keys rotate --state /var/lib/assent");
    keys.require_subcommand(0, 1);
    const auto add_act = [this, &keys](Act act, const std::string& name, const std::string& does) {
      auto* command = keys.add_subcommand(name, does);
      command->footer("Example:\n  assent keys " + name + " --state /var/lib/assent\n");
      command->parse_complete_callback([this, act] { keys_.act = act; });
      add_engine(*command, keys_.engine);
      add_output(*command, keys_.output);
    };
    add_engine(keys, keys_.engine);
    add_output(keys, keys_.output);
    add_act(
        Act::status, "status",
        "Tell how old the oldest epoch is: what was erased since then opens with an older copy of the catalog and of "
        "the root key (what `keys` alone does)");
    add_act(
        Act::rotate, "rotate",
        "Replace the root key, the epoch's and every key above those of legs and calls, and destroy the old ones; it "
        "returns when that is done, and everything goes on meanwhile");
  }

  // `ledger` alone shows; its other acts are commands below it.
  void add_ledger() {
    using Act = LedgerArguments::Act;
    auto& ledger = add("ledger", ledger_, "Show what is on record, verify it, export it for others to verify",
                       "assent ledger verify --state /var/lib/assent");
    const auto add_act = [this, &ledger](Act act, const std::string& name, const std::string& does,
                                         const std::string& options) -> CLI::App& {
      auto* command = ledger.add_subcommand(name, does);
      command->footer("Example:\n  assent ledger " + name + " --state /var/lib/assent" + options + "\n");
      command->parse_complete_callback([this, act] { ledger_.act = act; });
      return *command;
    };
    ledger.require_subcommand(0, 1);
    const auto add_show = [this](CLI::App& command) {
      add_parsed(command, "--call", ledger_.call, parse_id<CallId>, "of this call only", "a call's id");
      add_engine(command, ledger_.engine);
      add_output(command, ledger_.output);
    };
    add_show(ledger);
    add_show(add_act(Act::show, "show", "List the records, oldest first (what `ledger` alone does)",
                     " --call 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6"));

    auto& verify =
        add_act(Act::verify, "verify",
                "Check every hash and signature, and where the ledger ends; with --state from its file, also "
                "when no engine runs, with --api by the engine",
                "");
    add_parsed(verify, "--expect-head", ledger_.expect_head, parse_ledger_head,
               "a head that was noted (a stop prints it): it must be in the chain", "SEQ:HASH")
        ->type_name("SEQ:HASH");
    add_engine(verify, ledger_.engine);
    add_root_key(verify, ledger_.root_key);
    add_output(verify, ledger_.output);

    const auto add_folder = [this](CLI::App& command) {
      command.add_option("--state", ledger_.engine.state, "state folder")->required()->type_name("DIR");
      add_root_key(command, ledger_.root_key);
      add_output(command, ledger_.output);
    };
    auto& export_records = add_act(
        Act::export_records, "export",
        "Write every record, the public key and a signature over the last one, as JSON lines that others can verify",
        " --out ledger.jsonl");
    add_folder(export_records);
    export_records.add_option("--out", ledger_.out, "file to write (default: - , standard output)")->type_name("FILE");
    add_folder(add_act(Act::rotate_key, "rotate-key",
                       "Sign with a new key from now on; the change is a record. No engine may run on the folder", ""));
  }

  void add_export() {
    auto& command = add("export", export_, "Write a recording's audio, or its keys",
                        "assent export 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --purpose quality --out call.wav");
    add_id(command, "RECORDING", export_.recording, "id of the recording");
    auto* purpose =
        command.add_option("--purpose", export_.purpose, "what it is heard or decrypted for; goes on record");
    purpose->type_name("NAME");
    add_parsed(command, "--format", export_.format, parse_format,
               "wav (stereo; the default), ogg, or mka (as it was sent; one leg)", "wav, ogg or mka")
        ->type_name("NAME");
    command.add_option("--leg", export_.legs, "a leg's label or id; may be repeated (default: all)")
        ->type_name("LEG")
        ->allow_extra_args(false);
    auto* out = command.add_option("--out", export_.out, "file to write; - is standard output");
    out->type_name("FILE");
    command
        .add_flag_callback(
            "--keys", [this] { what_ = ExportWhat::keys; },
            "print the keys of the legs that may be heard, for other programs to decrypt with")
        ->excludes(out);
    add_engine(command, export_.engine);
    add_root_key(command, export_.root_key);
    add_output(command, export_keys_.output);
    command.callback([this, purpose, out] {
      if (purpose->empty()) throw CLI::RequiredError("--purpose, what the audio is heard for,");
      if (what_ == ExportWhat::keys) {
        if (!export_.engine.state) throw CLI::RequiredError("--state, the folder whose keys --keys opens,");
        export_keys_.engine = export_.engine;
        export_keys_.state = {*export_.engine.state, export_.root_key};
        export_keys_.recording = export_.recording;
        export_keys_.purpose = export_.purpose;
        chosen_ = export_keys_;
        return;
      }
      if (out->empty()) throw CLI::RequiredError("--out, the file to write,");
      chosen_ = export_;
    });
  }

  void add_state() {
    auto& verify = add("verify", verify_, "Check that what is stored is whole; without names, all of a state folder",
                       "assent verify --state /var/lib/assent");
    verify.add_option("WHAT", verify_.what, "recordings' ids or segment files")->type_name("");
    verify.add_option("--state", verify_state_.folder, "state folder (without it only the shape of files is checked)")
        ->type_name("DIR");
    add_root_key(verify, verify_state_.root_key);
    verify
        .add_option("--keys-from", verify_state_.keys_from,
                    "the state folder whose keys to open it with: for a copy from before `keys rotate`")
        ->type_name("DIR");
    add_output(verify, verify_.output);
    verify.callback([this] {
      if (!verify_state_.folder.empty()) verify_.state = verify_state_;
      if (!verify_.state && verify_.what.empty()) throw CLI::RequiredError("--state, or a segment file,");
      chosen_ = verify_;
    });

    auto& salvage = add("salvage", salvage_, "Bring in what a dead engine left in its journal, as its next start would",
                        "assent salvage --state /var/lib/assent");
    salvage.add_option("--state", salvage_.state.folder, "state folder; no engine may run on it")
        ->required()
        ->type_name("DIR");
    add_root_key(salvage, salvage_.state.root_key);
    add_output(salvage, salvage_.output);
  }

  enum class ExportWhat { audio, keys };

  CLI::App& app_;
  ExportWhat what_ = ExportWhat::audio;
  Arguments chosen_ = VersionArguments{};

  std::optional<ConsentOptions> consent_options_;
  std::optional<HoldOptions> hold_options_;
  RunArguments run_;
  CheckArguments check_;
  VersionArguments version_;
  CallsArguments calls_;
  TopArguments top_;
  ConsentArguments consent_;
  PauseArguments pause_;
  PauseArguments resume_;
  EndArguments end_;
  RecordingsArguments recordings_;
  ShowArguments show_;
  ExportArguments export_;
  ExportKeysArguments export_keys_;
  DeleteArguments delete_;
  LedgerArguments ledger_;
  KeysArguments keys_;
  VerifyArguments verify_;
  StateReach verify_state_;
  SalvageArguments salvage_;
};

// CLI11 only says that a command is required, not that what stands there is none.
std::string no_command(CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const auto meant = nearest_word(word, {names.begin(), names.end()});
  std::string text =
      in_quotes(word) + " is not a command" + (meant ? ": did you mean " + std::string(*meant) + "?" : "");
  text += "\nThe commands are:";
  for (const auto& name : names) text += " " + name;
  return text + "\nassent --help says what they do.";
}

}  // namespace

void add_output(CLI::App& app, Output& output) {
  app.add_flag_callback(
      "--json", [&output] { output = Output::json; }, "print JSON instead of text");
}

void add_receipt(CLI::App& app, std::optional<std::filesystem::path>& file) {
  app.add_option("--receipt", file, "write the signed receipt (JWS) to this file, which must not exist yet")
      ->type_name("FILE");
}

void add_engine(CLI::App& app, EngineReach& engine) {
  add_parsed(app, "--api", engine.api, parse_endpoint, "address of the engine's API", "an IP address and a port")
      ->type_name("ADDR:PORT");
  app.add_option("--token", engine.token, "API token (it shows in the list of processes: prefer ASSENT_TOKEN)")
      ->type_name("TOKEN");
  app.add_option("--state", engine.state, "state folder of the engine, to find address and token in")->type_name("DIR");
}

std::string_view name_of(ExportFormat format) {
  switch (format) {
    case ExportFormat::wav: return "wav";
    case ExportFormat::ogg: return "ogg";
    case ExportFormat::mka: return "mka";
  }
  return "wav";
}

std::variant<Arguments, ExitStatus> parse_arguments(int argc, const char* const* argv, std::ostream& out,
                                                    std::ostream& err) {
  CLI::App app(kDescription, "assent");
  app.footer(kFooter);
  app.require_subcommand(1);
  Commands commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-') {
      err << no_command(app, argv[1]) << "\n";
      return ExitStatus::usage;
    }
    return app.exit(failure, out, err) == 0 ? ExitStatus::ok : ExitStatus::usage;
  }
  return commands.chosen();
}

}  // namespace assent
