// assent hold: legal holds placed, listed, released.
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/engine_reply.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

std::string until_text(const Json& hold) {
  const std::string until = text_at(hold, "until");
  return until.empty() || until == "null" ? "it is released" : until;
}

ExitStatus place(const HoldArguments& arguments, ApiClient& engine, Console& console) {
  Json wanted = {{"on", name_of(arguments.on)}, {"id", arguments.target}, {"reason", arguments.reason}};
  if (arguments.tenant) wanted["tenant"] = *arguments.tenant;
  if (arguments.until) wanted["until"] = to_rfc3339(*arguments.until);
  const auto body = engine.post("/v1/holds", wanted.dump(-1, ' ', false, Json::error_handler_t::replace));
  return show_reply(body, arguments.output, console, [&](const Json& hold) {
    console.out << "hold " << text_at(hold, "id") << " stands until " << until_text(hold)
                << ": nothing that it covers is destroyed\n";
  });
}

ExitStatus release(const HoldArguments& arguments, ApiClient& engine, Console& console) {
  const auto body = engine.remove(target_of("/v1/holds/" + to_text(arguments.hold), {{"reason", arguments.reason}}));
  return show_reply(body, arguments.output, console, [&](const Json& hold) {
    console.out << "hold " << text_at(hold, "id") << " is released; what waited for it alone begins\n";
  });
}

void print_holds(const Json& holds, Console& console) {
  TextTable table({"HOLD", "STATE", "ON", "ID", "PLACED", "UNTIL", "REASON", "WAITING"});
  for (const Json& hold : holds) {
    const std::string on = text_at(hold, "on");
    table.add({text_at(hold, "id"), text_at(hold, "state"), on, text_at(hold, on), text_at(hold, "placed"),
               text_at(hold, "until"), printable(text_at(hold, "reason")), joined_at(hold, "waiting")});
  }
  if (table.empty()) {
    console.out << "no holds\n";
  } else {
    table.print(console.out);
  }
}

ExitStatus list(const HoldArguments& arguments, ApiClient& engine, Console& console) {
  Json all = Json::array();
  std::string cursor;
  do {
    const bool ended = arguments.which == HoldArguments::Which::ended;
    const auto body = engine.get(target_of("/v1/holds", {{"state", ended ? "ended" : "standing"}, {"cursor", cursor}}));
    if (!body) return fail(console, body.error());
    const auto reply = parse_reply(*body);
    if (!reply) return fail(console, reply.error());
    for (const Json& hold : list_at(*reply, "holds")) all.push_back(hold);
    const std::string next = text_at(*reply, "cursor");
    cursor = next == cursor ? std::string() : next;
  } while (!cursor.empty());
  if (arguments.output == Output::json) {
    console.out << Json{{"holds", all}}.dump(2) << "\n";
  } else {
    print_holds(all, console);
  }
  return ExitStatus::ok;
}

}  // namespace

ExitStatus perform(const HoldArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  switch (arguments.act) {
    case HoldArguments::Act::place: return place(arguments, *engine, console);
    case HoldArguments::Act::release: return release(arguments, *engine, console);
    case HoldArguments::Act::list: return list(arguments, *engine, console);
  }
  return ExitStatus::failed;
}

}  // namespace assent
