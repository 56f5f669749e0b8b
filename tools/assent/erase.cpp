// assent erase: everything of a person destroyed, or of a tenant; it returns when all of it is gone.
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(300);

std::string target_text(const EraseArguments& arguments) {
  return arguments.subject.empty() ? "tenant " + arguments.account : "person " + arguments.subject;
}

// Whether a person at a terminal typed "yes".
bool is_confirmed(const EraseArguments& arguments, Console& console) {
  console.err << "Destroy everything of the " << printable(target_text(arguments))
              << " for good? Nobody can bring it back. Type yes: " << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

std::string last_step(const Json& erasure) {
  const auto steps = list_at(erasure, "steps");
  return steps.empty() ? std::string() : printable(text_at(steps.back(), "what"));
}

}  // namespace

ExitStatus perform(const EraseArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  if (arguments.confirm == EraseArguments::Confirm::ask) {
    if (isatty(STDIN_FILENO) != 1) return fail(console, "nothing was erased: there is nobody to ask; give --yes");
    if (!is_confirmed(arguments, console)) return fail(console, "nothing was erased");
  }
  Json wanted = Json::object();
  if (arguments.tenant) wanted["tenant"] = *arguments.tenant;
  auto body = arguments.subject.empty()
                  ? engine->remove("/v1/tenants/" + path_part(arguments.account))
                  : engine->post("/v1/subjects/" + path_part(arguments.subject) + "/erase", wanted.dump());
  if (!body) return fail(console, body.error());
  auto erasure = parse_reply(*body);
  ProgressLine progress(console, "erasing");
  while (erasure && text_at(*erasure, "state") != "done") {
    progress.show(last_step(*erasure));
    std::this_thread::sleep_for(kPoll);
    body = engine->get("/v1/erasures/" + text_at(*erasure, "id"));
    if (!body) return fail(console, body.error());
    erasure = parse_reply(*body);
  }
  if (!erasure) return fail(console, erasure.error());
  if (arguments.output == Output::json) {
    console.out << erasure->dump(2) << "\n";
    return ExitStatus::ok;
  }
  for (const auto& step : list_at(*erasure, "steps")) {
    console.out << text_at(step, "at") << "  " << text_at(step, "step") << ": " << printable(text_at(step, "what"))
                << "\n";
  }
  console.out << "everything of the " << printable(target_text(arguments)) << " is destroyed (erasure "
              << text_at(*erasure, "id") << ")\n";
  return ExitStatus::ok;
}

}  // namespace assent
