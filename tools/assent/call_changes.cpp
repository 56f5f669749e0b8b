// assent consent, pause, resume, end: what is asked of one live call.
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/engine_reply.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

std::string call_path(CallId call, std::string_view below = {}) {
  return "/v1/calls/" + to_text(call) + std::string(below);
}

}  // namespace

ExitStatus perform(const ConsentArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  Json wanted = Json::object();
  if (arguments.participant) wanted["participant"] = *arguments.participant;
  wanted["decision"] = arguments.decision;
  wanted["signal"] = {{"type", "api"}, {"value", "command line"}};
  if (!arguments.purposes.empty()) wanted["purposes"] = arguments.purposes;
  const auto body = engine->post(call_path(arguments.call, "/consent"), wanted.dump());
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    const auto records = list_at(reply, "records");
    if (records.empty()) console.out << "nothing changed: that is what stands on record already\n";
    for (const auto& record : records) {
      console.out << "on record: " << printable(text_at(record, "participant")) << ", " << text_at(record, "purpose")
                  << ", " << text_at(record, "decision") << " at " << text_at(record, "at") << " ("
                  << text_at(record, "id") << ")\n";
    }
  });
}

ExitStatus perform(const PauseArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  const bool pause = arguments.turn == PauseArguments::Turn::pause;
  const auto body =
      engine->post(call_path(arguments.call, pause ? "/pause" : "/resume"), Json{{"reason", arguments.reason}}.dump());
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    const bool paused = text_at(reply, "paused") == "true";
    console.out << (paused ? "paused: nothing said now is kept\n" : "not paused: what was consented to is kept\n");
  });
}

ExitStatus perform(const EndArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  const auto body = engine->remove(call_path(arguments.call));
  return show_reply(body, arguments.output, console, [&](const Json& reply) {
    const std::string recording = text_at(reply, "recording");
    console.out << (recording.empty() ? "no recording" : "recording " + recording) << ": " << text_at(reply, "why")
                << "\n";
  });
}

}  // namespace assent
