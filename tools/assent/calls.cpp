// assent calls: the live calls, in short or one in full.
#include <cstdlib>
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

// "customer: quality granted"
std::string consents_text(const Json& call) {
  std::string text;
  for (const auto& participant : list_at(call, "participants")) {
    for (const auto& consent : list_at(participant, "consents")) {
      text += (text.empty() ? "" : ", ") + text_at(participant, "ref") + ": " + text_at(consent, "purpose") + " " +
              text_at(consent, "state");
    }
  }
  return text;
}

std::string level_of(const Json& leg) {
  const std::string level = text_at(leg, "level_dbov");
  return level.empty() ? "not measured" : level + " dBov";
}

void print_list(const Json& reply, std::ostream& out) {
  TextTable table({"CALL", "REF", "POLICY", "CREATED", "GATES", "CONSENTS"});
  for (const auto& call : list_at(reply, "calls")) {
    std::string gates;
    for (const auto& leg : list_at(call, "legs")) gates += (gates.empty() ? "" : " ") + text_at(leg, "gate");
    table.add({text_at(call, "id"), text_at(call, "ref"), text_at(call, "policy"), text_at(call, "created"), gates,
               consents_text(call)});
  }
  if (table.empty()) {
    out << "no live calls\n";
  } else {
    table.print(out);
  }
}

void print_call(const Json& call, std::ostream& out) {
  out << "call       " << text_at(call, "id") << "\n"
      << "ref        " << printable(text_at(call, "ref")) << "\n"
      << "policy     " << text_at(call, "policy") << (text_at(call, "paused") == "true" ? ", paused" : "") << "\n"
      << "created    " << text_at(call, "created") << "\n"
      << "recording  " << (text_at(call, "recording").empty() ? "none yet" : text_at(call, "recording")) << "\n\n";
  TextTable people({"PARTICIPANT", "ROLE", "NAME", "PURPOSE", "CONSENT"});
  for (const auto& participant : list_at(call, "participants")) {
    for (const auto& consent : list_at(participant, "consents")) {
      people.add({text_at(participant, "ref"), text_at(participant, "role"), text_at(participant, "name"),
                  text_at(consent, "purpose"), text_at(consent, "state")});
    }
  }
  people.print(out);
  out << "\n";
  TextTable legs(
      {"LEG", "PARTICIPANT", "CODEC", "RTP", "GATE", "LEVEL", "HELD", "PACKETS", "LOST", "DROPPED", "SEALED"});
  for (const auto& leg : list_at(call, "legs")) {
    legs.add({text_at(leg, "label"), text_at(leg, "participant"), text_at(leg, "codec"),
              text_at(leg, "address") + ":" + text_at(leg, "port"), text_at(leg, "gate"), level_of(leg),
              text_at(leg, "held_ms") + " ms", text_at(leg, "packets"), text_at(leg, "lost"), text_at(leg, "dropped"),
              text_at(leg, "sealed_blocks")});
  }
  legs.print(out);
}

}  // namespace

ExitStatus perform(const CallsArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  const auto body = engine->get(arguments.call ? "/v1/calls/" + to_text(*arguments.call) : "/v1/calls");
  if (!body) return fail(console, body.error());
  const auto reply = parse_reply(*body);
  if (!reply) return fail(console, reply.error());
  if (arguments.output == Output::json) {
    console.out << reply->dump(2) << "\n";
  } else if (arguments.call) {
    print_call(*reply, console.out);
  } else {
    print_list(*reply, console.out);
  }
  return ExitStatus::ok;
}

}  // namespace assent
