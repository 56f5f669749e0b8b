// assent consents: those on file.
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/engine_reply.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

std::string path_of(const StandingArguments& arguments) {
  return "/v1/subjects/" + path_part(arguments.subject) + "/standing-consents";
}

ExitStatus list(const StandingArguments& arguments, ApiClient& engine, Console& console) {
  const auto body = engine.get(target_of(path_of(arguments), {{"tenant", arguments.tenant.value_or("")}}));
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    TextTable table({"CONSENT", "STATE", "PURPOSES", "FROM", "UNTIL", "EVIDENCE"});
    for (const Json& one : list_at(reply, "standing_consents")) {
      table.add({text_at(one, "id"), text_at(one, "state"), printable(joined_at(one, "purposes")), text_at(one, "from"),
                 text_at(one, "until"), printable(text_at(one, "evidence"))});
    }
    if (table.empty()) {
      console.out << "nothing is on file\n";
    } else {
      table.print(console.out);
    }
  });
}

ExitStatus add(const StandingArguments& arguments, ApiClient& engine, Console& console) {
  Json wanted = {{"purposes", arguments.purposes}};
  if (arguments.tenant) wanted["tenant"] = *arguments.tenant;
  if (arguments.from) wanted["from"] = to_rfc3339(*arguments.from);
  if (arguments.until) wanted["until"] = to_rfc3339(*arguments.until);
  if (arguments.evidence) wanted["evidence"] = *arguments.evidence;
  if (arguments.notice) {
    wanted["notice"] = {{"id", arguments.notice->id}, {"version", arguments.notice->version}};
    if (!arguments.notice->language.empty()) wanted["notice"]["language"] = arguments.notice->language;
  }
  const auto body = engine.post(path_of(arguments), wanted.dump());
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    console.out << "on file: " << text_at(reply, "id") << ", " << text_at(reply, "state") << ", for "
                << printable(joined_at(reply, "purposes")) << "\n";
  });
}

ExitStatus withdraw(const StandingArguments& arguments, ApiClient& engine, Console& console) {
  const auto target = target_of(path_of(arguments) + "/" + to_text(arguments.consent) + "/withdraw",
                                {{"tenant", arguments.tenant.value_or("")}});
  return show_reply(engine.post(target, {}), arguments.output, console, [&](const Json& reply) {
    console.out << text_at(reply, "id") << " withdrawn, in calls that are live, too\n";
  });
}

}  // namespace

ExitStatus perform(const StandingArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  switch (arguments.act) {
    case StandingArguments::Act::list: return list(arguments, *engine, console);
    case StandingArguments::Act::add: return add(arguments, *engine, console);
    case StandingArguments::Act::withdraw: return withdraw(arguments, *engine, console);
  }
  return ExitStatus::failed;
}

}  // namespace assent
