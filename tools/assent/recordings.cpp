// assent recordings: what was recorded, all pages of it, newest first.
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/text_table.h"

namespace assent {

ExitStatus perform(const RecordingsArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  const auto time_text = [](const std::optional<WallTime>& time) { return time ? to_rfc3339(*time) : std::string(); };

  Json all = Json::array();
  std::string cursor;
  do {
    const auto body = engine->get(target_of("/v1/recordings", {{"subject", arguments.subject.value_or("")},
                                                               {"tenant", arguments.tenant.value_or("")},
                                                               {"state", arguments.state.value_or("")},
                                                               {"from", time_text(arguments.from)},
                                                               {"to", time_text(arguments.to)},
                                                               {"cursor", cursor}}));
    if (!body) return fail(console, body.error());
    const auto reply = parse_reply(*body);
    if (!reply) return fail(console, reply.error());
    for (const auto& recording : list_at(*reply, "recordings")) all.push_back(recording);
    const std::string next = text_at(*reply, "cursor");
    cursor = next == cursor ? std::string() : next;
  } while (!cursor.empty());

  if (arguments.output == Output::json) {
    console.out << Json{{"recordings", all}}.dump(2) << "\n";
    return ExitStatus::ok;
  }
  TextTable table({"RECORDING", "STATE", "STARTED", "ENDED", "EXPIRES", "TENANT", "CALL"});
  for (const auto& recording : all) {
    table.add({text_at(recording, "id"), text_at(recording, "state"), text_at(recording, "started"),
               text_at(recording, "ended"), text_at(recording, "expires"), text_at(recording, "tenant"),
               text_at(recording, "call")});
  }
  if (table.empty()) {
    console.out << "no recordings\n";
  } else {
    table.print(console.out);
  }
  return ExitStatus::ok;
}

}  // namespace assent
