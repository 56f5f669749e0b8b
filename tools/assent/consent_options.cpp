#include "tools/assent/consent_options.h"

#include <utility>

#include "base/limits.h"
#include "tools/assent/argument_options.h"

namespace assent {
namespace {

constexpr const char* kTimeForm = "a time such as 2026-11-24T22:59:00Z";

// "ID/VERSION" or "ID/VERSION/LANGUAGE".
std::optional<NoticeArgument> parse_notice(const std::string& text) {
  const auto first = text.find('/');
  if (first == 0 || first == text.npos || first + 1 == text.size()) return std::nullopt;
  const auto second = text.find('/', first + 1);
  NoticeArgument notice{text.substr(0, first), text.substr(first + 1, second - first - 1), {}};
  if (second != text.npos) notice.language = text.substr(second + 1);
  if (notice.version.empty() || (second != text.npos && notice.language.empty())) return std::nullopt;
  return notice;
}

CLI::Option* add_names(CLI::App& app, const std::string& name, std::vector<std::string>& names,
                       const std::string& help) {
  return app.add_option(name, names, help)->type_name("NAME")->allow_extra_args(false);
}

void add_person(CLI::App& app, std::string& subject, std::optional<std::string>& tenant) {
  app.add_option("--subject", subject, "the person's id or your reference of them")->type_name("REF");
  app.add_option("--tenant", tenant, "where a reference is looked up")->type_name("NAME");
}

// A command below another, whose option values it shares.
CLI::App& add_act(CLI::App& parent, const std::string& name, const std::string& does, const std::string& example,
                  std::function<void()> chosen) {
  auto* command = parent.add_subcommand(name, does);
  command->footer("Example:\n  " + example + "\n");
  command->parse_complete_callback(std::move(chosen));
  return *command;
}

}  // namespace

ConsentOptions::ConsentOptions(CLI::App& app, std::function<void(Arguments)> choose)
    : app_(app), choose_(std::move(choose)) {
  add_withdraw();
  add_erase();
  add_disclose();
  add_standing();
  add_notices();
  add_purposes();
  add_processors();
}

CLI::App& ConsentOptions::add(const std::string& name, const std::string& does, const std::string& example) {
  CLI::App* command = app_.add_subcommand(name, does);
  command->footer("Example:\n  " + example + "\n");
  command->require_subcommand(0, 1);
  return *command;
}

void ConsentOptions::add_erase() {
  auto& erase = add("erase", "Destroy everything of a person, or of a tenant: keys first, then all that was stored",
                    "assent erase --subject customer-4711 --yes --state /var/lib/assent");
  add_person(erase, erase_.subject, erase_.tenant);
  auto* subject = erase.get_option("--subject");
  auto* account = erase.add_option("--account", erase_.account, "a tenant's name or id: all of its calls and people")
                      ->type_name("NAME")
                      ->excludes(subject)
                      ->excludes(erase.get_option("--tenant"));
  erase.add_flag_callback(
      "--yes", [this] { erase_.confirm = EraseArguments::Confirm::given; }, "do not ask");
  add_receipt(erase, erase_.receipt);
  add_engine(erase, erase_.engine);
  add_output(erase, erase_.output);
  erase.callback([this, subject, account] {
    if (subject->empty() && account->empty()) throw CLI::RequiredError("--subject or --account");
    choose_(erase_);
  });
}

void ConsentOptions::add_disclose() {
  auto& disclose = add("disclose", "Give a person all that is stored of them: one archive, to read and to hear",
                       "assent disclose customer-4711 --output customer-4711.zip --state /var/lib/assent");
  disclose.add_option("SUBJECT", disclose_.subject, "the person's id, or your own reference of them")
      ->required()
      ->type_name("");
  disclose.add_option("--tenant", disclose_.tenant, "where the reference is looked up (default: default)")
      ->type_name("NAME");
  disclose.add_option("--output", disclose_.out, "the archive; what is cut off is gone on with when asked again")
      ->required()
      ->type_name("FILE");
  disclose
      .add_option("--recipient", disclose_.recipient,
                  "an age key, age1...: the archive is encrypted for who has its secret part")
      ->type_name("KEY");
  disclose.add_flag_callback(
      "--keep", [this] { disclose_.afterwards = DiscloseArguments::Afterwards::keep; },
      "leave the export with the engine, for seven days");
  add_engine(disclose, disclose_.engine);
  add_output(disclose, disclose_.output);
  disclose.callback([this] { choose_(disclose_); });
}

void ConsentOptions::add_withdraw() {
  auto& withdraw = add("withdraw", "Withdraw a person's consents everywhere: on file, in live calls and in all others",
                       "assent withdraw --subject customer-4711 --purpose training --state /var/lib/assent");
  add_person(withdraw, withdraw_.subject, withdraw_.tenant);
  withdraw.get_option("--subject")->required();
  add_names(withdraw, "--purpose", withdraw_.purposes, "a purpose; may be repeated (default: all)");
  withdraw.add_option("--signal", withdraw_.signal, "how they said so: api, dtmf, voice, web or siprec (default: api)")
      ->check(CLI::IsMember({"api", "dtmf", "voice", "web", "siprec"}))
      ->type_name("");
  withdraw.add_option("--value", withdraw_.value, "what stands on record of it, such as a form's number")
      ->type_name("TEXT");
  add_engine(withdraw, withdraw_.engine);
  add_output(withdraw, withdraw_.output);
  withdraw.callback([this] { choose_(withdraw_); });
}

void ConsentOptions::add_standing() {
  using Act = StandingArguments::Act;
  auto& list = add("consents", "List a person's consents on file, put one there, or withdraw one",
                   "assent consents --subject agent-7 --state /var/lib/assent");
  const auto share = [this](CLI::App& command) {
    add_person(command, standing_.subject, standing_.tenant);
    add_engine(command, standing_.engine);
    add_output(command, standing_.output);
  };
  share(list);
  auto& give = add_act(list, "add", "Put a consent on file; it counts in calls from then on",
                       "assent consents add --subject agent-7 --purpose quality --until 2027-12-31T00:00:00Z "
                       "--evidence \"contract, drawer 7\"",
                       [this] { standing_.act = Act::add; });
  share(give);
  add_names(give, "--purpose", standing_.purposes, "a purpose; may be repeated")->required();
  add_parsed(give, "--from", standing_.from, parse_rfc3339, "from when it counts (default: now)", kTimeForm);
  add_parsed(give, "--until", standing_.until, parse_rfc3339, "until when (default: until it is withdrawn)", kTimeForm);
  add_parsed(give, "--notice", standing_.notice, parse_notice, "on which notice it was given",
             "ID/VERSION or ID/VERSION/LANGUAGE")
      ->type_name("ID/VERSION");
  give.add_option("--evidence", standing_.evidence, "where it is on file; kept sealed")->type_name("TEXT");

  auto& take = add_act(list, "withdraw", "Withdraw a consent on file, in calls that are live, too",
                       "assent consents withdraw 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --subject agent-7",
                       [this] { standing_.act = Act::withdraw; });
  add_id(take, "CONSENT", standing_.consent, "id of the consent on file");
  share(take);
  list.callback([this] {
    if (standing_.subject.empty()) throw CLI::RequiredError("--subject, the person,");
    choose_(standing_);
  });
}

void ConsentOptions::add_notices() {
  auto& list = add("notices", "List the notices that people are told, or put one on record",
                   "assent notices --state /var/lib/assent");
  const auto share = [this](CLI::App& command) {
    command.add_option("--id", notices_.id, "the notice's id")->type_name("ID");
    command.add_option("--notice-version", notices_.version, "its version, whose text never changes")
        ->type_name("VERSION");
    command.add_option("--language", notices_.language, "such as en or de-CH")->type_name("TAG");
    add_engine(command, notices_.engine);
    add_output(command, notices_.output);
  };
  share(list);
  auto& put =
      add_act(list, "add", "Put a notice on record, for calls and consents to name",
              "assent notices add --id recording --notice-version 2 --language en --text \"We record this call.\"",
              [this] { notices_.act = NoticesArguments::Act::add; });
  share(put);
  for (const char* name : {"--id", "--notice-version", "--language"}) put.get_option(name)->required();
  auto* text = put.add_option("--text", notices_.text, "what people are told")->type_name("TEXT");
  auto* file = put.add_option("--file", notices_.file, "a file that holds it")->type_name("FILE")->excludes(text);
  list.callback([this, text, file] {
    const bool adds = notices_.act == NoticesArguments::Act::add;
    if (adds && text->empty() && file->empty()) throw CLI::RequiredError("--text, or --file,");
    choose_(notices_);
  });
}

void ConsentOptions::add_purposes() {
  auto& list = add("purposes", "List what recordings are used for, or put a purpose on record",
                   "assent purposes --state /var/lib/assent");
  const auto share = [this](CLI::App& command) {
    add_engine(command, purposes_.engine);
    add_output(command, purposes_.output);
  };
  share(list);
  auto& put = add_act(list, "add", "Put a purpose on record; calls from then on ask for it",
                      "assent purposes add --id training --description \"Training our people\" --retention-hours 2160 "
                      "--processor \"Transcribers Ltd\"",
                      [this] { purposes_.act = PurposesArguments::Act::add; });
  share(put);
  put.add_option("--id", purposes_.id, "of a-z, 0-9 and -")->required()->type_name("ID");
  put.add_option("--purpose-version", purposes_.version, "its version, which never changes (default: 1)")
      ->type_name("VERSION");
  put.add_option("--description", purposes_.description, "what it is for, in plain words")
      ->required()
      ->type_name("TEXT");
  put.add_option("--lawful-basis", purposes_.lawful_basis, "default: consent")->type_name("TEXT");
  put.add_option("--retention-hours", purposes_.retention_hours, "how long recordings are kept for it")
      ->check(CLI::Range(std::int64_t{1},
                         std::int64_t{std::chrono::duration_cast<std::chrono::hours>(limits::kRetentionMax).count()}))
      ->type_name("HOURS");
  add_names(put, "--processor", purposes_.processors, "who receives it; may be repeated");
  list.callback([this] { choose_(purposes_); });
}

void ConsentOptions::add_processors() {
  using Act = ProcessorsArguments::Act;
  auto& processors = add("processors", "Show who is told of consents and erasures, and what is open with them",
                         "assent processors --state /var/lib/assent");
  add_engine(processors, processors_.engine);
  add_output(processors, processors_.output);
  processors.callback([this] { choose_(processors_); });
  const auto add_named = [this, &processors](Act act, const std::string& name, const std::string& does,
                                             const std::string& options) -> CLI::App& {
    auto& command =
        add_act(processors, name, does, "assent processors " + name + " stt --state /var/lib/assent" + options,
                [this, act] { processors_.act = act; });
    command.add_option("PROCESSOR", processors_.name, "its name")->required()->type_name("");
    add_engine(command, processors_.engine);
    add_output(command, processors_.output);
    return command;
  };
  add_named(Act::retry, "retry", "Tell it again of what was given up", "");
  auto& waive = add_named(Act::waive, "waive",
                          "Wait no longer for what it has not taken or confirmed; on record and on receipts, with the "
                          "reason",
                          " --reason \"out of business\"");
  waive.add_option("--reason", processors_.reason, "why, for the record")->required()->type_name("TEXT");
  add_parsed(waive, "--erasure", processors_.erasure, parse_id<ErasureId>, "of this erasure only", "an erasure's id");
}

}  // namespace assent
