// assent ledger: what stands on the record, all pages of it, or whether its chain is intact.
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

ExitStatus verify(ApiClient& engine, Output output, Console& console) {
  const auto body = engine.get("/v1/ledger/verify");
  if (!body) return fail(console, body.error());
  const auto reply = parse_reply(*body);
  if (!reply) return fail(console, reply.error());
  const bool intact = text_at(*reply, "intact") == "true";
  if (output == Output::json) {
    console.out << reply->dump(2) << "\n";
  } else if (intact) {
    console.out << "the ledger is intact: " << text_at(*reply, "records") << " records\n";
  } else {
    console.out << "the ledger is BROKEN: " << printable(text_at(*reply, "fault")) << "\n";
  }
  return intact ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace

ExitStatus perform(const LedgerArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  if (arguments.act == LedgerArguments::Act::verify) return verify(*engine, arguments.output, console);

  Json all = Json::array();
  std::string after;
  do {
    const auto body = engine->get(
        target_of("/v1/ledger", {{"call", arguments.call ? to_text(*arguments.call) : ""}, {"after", after}}));
    if (!body) return fail(console, body.error());
    const auto reply = parse_reply(*body);
    if (!reply) return fail(console, reply.error());
    for (const auto& entry : list_at(*reply, "entries")) all.push_back(entry);
    const std::string next = text_at(*reply, "after");
    after = next == after ? std::string() : next;
  } while (!after.empty());

  if (arguments.output == Output::json) {
    console.out << Json{{"entries", all}}.dump(2) << "\n";
    return ExitStatus::ok;
  }
  TextTable table({"SEQ", "AT", "KIND", "CALL", "WHAT"});
  for (const auto& entry : all) {
    table.add({text_at(entry, "seq"), text_at(entry, "at"), text_at(entry, "kind"), text_at(entry, "call"),
               object_at(entry, "body").dump()});
  }
  table.print(console.out);
  return ExitStatus::ok;
}

}  // namespace assent
