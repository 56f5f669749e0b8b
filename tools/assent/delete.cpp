// assent delete: destroys a recording for good, after asking.
#include <unistd.h>

#include <iostream>

#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

// Whether a person at a terminal typed "yes".
bool is_confirmed(RecordingId recording, Console& console) {
  console.err << "Destroy recording " << to_text(recording)
              << " for good? Nobody can bring it back. Type yes: " << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

}  // namespace

ExitStatus perform(const DeleteArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  if (arguments.confirm == DeleteArguments::Confirm::ask) {
    if (isatty(STDIN_FILENO) != 1) return fail(console, "nothing was deleted: there is nobody to ask; give --yes");
    if (!is_confirmed(arguments.recording, console)) return fail(console, "nothing was deleted");
  }
  const auto body = engine->remove("/v1/recordings/" + to_text(arguments.recording));
  if (!body) return fail(console, body.error());
  const auto reply = parse_reply(*body);
  if (!reply) return fail(console, reply.error());
  if (arguments.output == Output::json) {
    console.out << reply->dump(2) << "\n";
    return ExitStatus::ok;
  }
  for (const auto& step : list_at(*reply, "steps")) {
    console.out << text_at(step, "at") << "  " << text_at(step, "step") << ": " << printable(text_at(step, "what"))
                << "\n";
  }
  console.out << "recording " << to_text(arguments.recording) << " is destroyed (erasure " << text_at(*reply, "id")
              << ")\n";
  return ExitStatus::ok;
}

}  // namespace assent
