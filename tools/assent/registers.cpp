// assent notices, purposes: what people are told, and asked for.
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/engine_reply.h"
#include "tools/assent/small_file.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

// A table, or that there is nothing.
void print(const TextTable& table, std::ostream& out) {
  if (table.empty()) {
    out << "none is on record\n";
  } else {
    table.print(out);
  }
}

ExitStatus list(const NoticesArguments& arguments, ApiClient& engine, Console& console) {
  const auto body = engine.get(target_of("/v1/notices", {{"id", arguments.id.value_or("")},
                                                         {"version", arguments.version.value_or("")},
                                                         {"language", arguments.language.value_or("")}}));
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    TextTable table({"NOTICE", "VERSION", "LANGUAGE", "ON RECORD", "TEXT"});
    for (const Json& one : list_at(reply, "notices")) {
      table.add({printable(text_at(one, "id")), printable(text_at(one, "version")), text_at(one, "language"),
                 text_at(one, "created"), printable(text_at(one, "text"))});
    }
    print(table, console.out);
  });
}

ExitStatus add(const NoticesArguments& arguments, ApiClient& engine, Console& console) {
  std::string text = arguments.text;
  if (arguments.file) {
    auto read = read_small_file(*arguments.file);
    if (!read) return fail(console, read.error());
    text = *std::move(read);
  }
  const Json wanted = {{"id", arguments.id.value_or("")},
                       {"version", arguments.version.value_or("")},
                       {"language", arguments.language.value_or("")},
                       {"text", text}};
  const auto body = engine.post("/v1/notices", wanted.dump(-1, ' ', false, Json::error_handler_t::replace));
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    console.out << "on record: " << printable(text_at(reply, "id")) << ", version "
                << printable(text_at(reply, "version")) << " in " << text_at(reply, "language") << ", SHA-256 "
                << text_at(reply, "hash") << "\n";
  });
}

ExitStatus list(const PurposesArguments& arguments, ApiClient& engine, Console& console) {
  return show_reply(engine.get("/v1/purposes"), arguments.output, console, [&](const Json& reply) {
    TextTable table({"PURPOSE", "VERSION", "IN USE", "BASIS", "HOURS", "PROCESSORS", "DESCRIPTION"});
    for (const Json& one : list_at(reply, "purposes")) {
      table.add({text_at(one, "id"), printable(text_at(one, "version")),
                 text_at(one, "in_use") == "true" ? "yes" : "no", printable(text_at(one, "lawful_basis")),
                 text_at(one, "retention_hours"), printable(joined_at(one, "processors")),
                 printable(text_at(one, "description"))});
    }
    print(table, console.out);
  });
}

ExitStatus add(const PurposesArguments& arguments, ApiClient& engine, Console& console) {
  Json wanted = {{"id", arguments.id},
                 {"version", arguments.version},
                 {"description", arguments.description},
                 {"lawful_basis", arguments.lawful_basis},
                 {"processors", arguments.processors}};
  if (arguments.retention_hours) wanted["retention_hours"] = *arguments.retention_hours;
  const auto body = engine.post("/v1/purposes", wanted.dump(-1, ' ', false, Json::error_handler_t::replace));
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    console.out << "on record: " << text_at(reply, "id") << ", version " << printable(text_at(reply, "version"))
                << "; calls from now on ask for it\n";
  });
}

}  // namespace

ExitStatus perform(const NoticesArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  const bool adds = arguments.act == NoticesArguments::Act::add;
  return adds ? add(arguments, *engine, console) : list(arguments, *engine, console);
}

ExitStatus perform(const PurposesArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  const bool adds = arguments.act == PurposesArguments::Act::add;
  return adds ? add(arguments, *engine, console) : list(arguments, *engine, console);
}

}  // namespace assent
