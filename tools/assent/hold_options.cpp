#include "tools/assent/hold_options.h"

#include <utility>

#include "tools/assent/argument_options.h"

namespace assent {
namespace {

using Act = HoldArguments::Act;

std::string name_of(Act act) {
  switch (act) {
    case Act::place: return "place";
    case Act::list: return "list";
    case Act::release: return "release";
  }
  return "list";
}

}  // namespace

HoldOptions::HoldOptions(CLI::App& app, std::function<void(Arguments)> choose) : choose_(std::move(choose)) {
  CLI::App* hold = app.add_subcommand(
      "hold", "Place a legal hold, list those that stand, or release one; nothing that one covers is destroyed");
  hold->footer(
      "Example:\n  assent hold place --recording 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --reason \"case 114\"\n");
  hold->require_subcommand(1);
  add_place(*hold);
  add_list(*hold);
  add_release(*hold);
  hold->callback([this] { choose_(arguments_); });
}

CLI::App& HoldOptions::add_act(CLI::App& hold, Act act, const std::string& does, const std::string& example) {
  auto* command = hold.add_subcommand(name_of(act), does);
  command->footer("Example:\n  assent hold " + name_of(act) + " " + example + "\n");
  command->parse_complete_callback([this, act] { arguments_.act = act; });
  add_engine(*command, arguments_.engine);
  add_output(*command, arguments_.output);
  return *command;
}

void HoldOptions::add_place(CLI::App& hold) {
  auto& place =
      add_act(hold, Act::place, "Keep a recording, a call, a person's calls or a tenant's from being destroyed",
              "--subject customer-4711 --reason \"case 2026-114\" --until 2027-12-31T00:00:00Z");
  auto* target = place.add_option_group("what it is on");
  add_parsed(*target, "--recording", recording_, parse_id<RecordingId>, "a recording", "a recording's id");
  add_parsed(*target, "--call", call_, parse_id<CallId>, "a call, which may be in progress", "a call's id");
  target->add_option("--subject", subject_, "a person, by their id or your reference of them: all their calls")
      ->type_name("REF");
  target->add_option("--account", account_, "a tenant, by its name or id: all of its calls")->type_name("NAME");
  target->require_option(1);
  place.add_option("--tenant", arguments_.tenant, "where a person's reference is looked up")->type_name("NAME");
  place
      .add_option("--reason", arguments_.reason,
                  "a case reference; it stands on the ledger for ever, so it must not name a person")
      ->required()
      ->type_name("TEXT");
  add_parsed(place, "--until", arguments_.until, parse_rfc3339, "when it ends by itself (default: when it is released)",
             "a time such as 2026-11-24T22:59:00Z")
      ->type_name("TIME");
  place.callback([this] {
    if (recording_) {
      arguments_.on = HoldTarget::recording;
      arguments_.target = to_text(*recording_);
    } else if (call_) {
      arguments_.on = HoldTarget::call;
      arguments_.target = to_text(*call_);
    } else {
      arguments_.on = subject_ ? HoldTarget::subject : HoldTarget::tenant;
      arguments_.target = subject_ ? *subject_ : account_.value_or("");
    }
  });
}

void HoldOptions::add_list(CLI::App& hold) {
  auto& list =
      add_act(hold, Act::list, "List the holds that stand, and what waits for each", "--ended --state /var/lib/assent");
  list.add_flag_callback(
      "--ended", [this] { arguments_.which = HoldArguments::Which::ended; }, "those that are over instead");
}

void HoldOptions::add_release(CLI::App& hold) {
  auto& release = add_act(hold, Act::release, "End a hold; what waited for it begins",
                          "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6 --reason \"case 2026-114 closed\"");
  add_id(release, "HOLD", arguments_.hold, "id of the hold");
  release.add_option("--reason", arguments_.reason, "why, as when it was placed")->required()->type_name("TEXT");
}

}  // namespace assent
