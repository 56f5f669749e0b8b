// assent processors: who is told of consents and erasures, what is open with them; another try; an end to the waiting.
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/engine_reply.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

std::string state_of(const Json& one) {
  return text_at(one, "removed") == "null" || text_at(one, "removed").empty() ? "yes" : "no";
}

std::string trouble_of(const Json& one) {
  const Json last = object_at(one, "last_error");
  return last.empty() ? "" : text_at(last, "at") + " " + printable(text_at(last, "what"));
}

std::string text_or_none(const Json& one, std::string_view name) {
  const std::string text = text_at(one, name);
  return text == "null" ? "" : text;
}

void print(const std::vector<Json>& processors, Console& console) {
  if (processors.empty()) {
    console.out << "there are no processors\n";
    return;
  }
  TextTable table({"PROCESSOR", "IN THE FILE", "PURPOSES", "PENDING", "ACCEPTED", "DEAD", "OLDEST", "LAST ERROR"});
  for (const Json& one : processors) {
    table.add({printable(text_at(one, "name")), state_of(one), printable(joined_at(one, "purposes")),
               text_at(one, "pending"), text_at(one, "accepted"), text_at(one, "dead"), text_or_none(one, "oldest"),
               trouble_of(one)});
  }
  table.print(console.out);
  for (const Json& one : processors) {
    for (const Json& letter : list_at(one, "dead_letters")) {
      console.out << "given up: " << printable(text_at(one, "name")) << " " << printable(text_at(letter, "kind"))
                  << " of " << text_at(letter, "created") << ", event " << text_at(letter, "event") << ", "
                  << text_at(letter, "attempts") << " attempts: " << printable(text_at(letter, "last_error")) << "\n";
    }
  }
}

}  // namespace

ExitStatus perform(const ProcessorsArguments& arguments, Console& console) {
  using Act = ProcessorsArguments::Act;
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  if (arguments.act == Act::list) {
    return show_reply(engine->get("/v1/processors"), arguments.output, console,
                      [&](const Json& reply) { print(list_at(reply, "processors"), console); });
  }
  const std::string path = "/v1/processors/" + path_part(arguments.name);
  Json wanted = Json::object();
  if (arguments.act == Act::waive) wanted["reason"] = arguments.reason;
  if (arguments.erasure) wanted["erasure"] = to_text(*arguments.erasure);
  const auto body = arguments.act == Act::retry
                        ? engine->post(path + "/retry", "")
                        : engine->post(path + "/waive", wanted.dump(-1, ' ', false, Json::error_handler_t::replace));
  return show_reply(body, arguments.output, console, [&](const Json& reply) { print({reply}, console); });
}

}  // namespace assent
