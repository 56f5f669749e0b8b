// assent withdraw: a person's consents, everywhere.
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/engine_reply.h"
#include "tools/assent/text_table.h"

namespace assent {

ExitStatus perform(const WithdrawArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  Json wanted = {{"signal", {{"type", arguments.signal}, {"value", arguments.value}}}};
  if (arguments.tenant) wanted["tenant"] = *arguments.tenant;
  if (!arguments.purposes.empty()) wanted["purposes"] = arguments.purposes;
  const auto body = engine->post("/v1/subjects/" + path_part(arguments.subject) + "/withdraw", wanted.dump());
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    const auto on_file = texts_at(reply, "standing_consents");
    const auto calls = list_at(reply, "calls");
    if (on_file.empty() && calls.empty()) {
      console.out << "nothing changed: nothing of theirs is granted any more\n";
      return;
    }
    for (const std::string& id : on_file) console.out << "on file: " << id << " withdrawn\n";
    if (calls.empty()) return;
    TextTable table({"CALL", "STATE", "PURPOSE", "NOW", "ERASURE"});
    for (const Json& call : calls) {
      const auto records = list_at(call, "records");
      for (const Json& record : records) {
        table.add({text_at(call, "call"), text_at(call, "state"), printable(text_at(record, "purpose")),
                   text_at(record, "decision"), text_at(call, "erasure")});
      }
      if (records.empty()) {
        table.add({text_at(call, "call"), text_at(call, "state"), "", "goes on", text_at(call, "erasure")});
      }
    }
    table.print(console.out);
  });
}

}  // namespace assent
