// assent delete: destroys a recording for good, after asking.
#include "tools/assent/commands.h"
#include "tools/assent/confirm.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/erasure_wait.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/receipt_file.h"

namespace assent {

ExitStatus perform(const DeleteArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  auto receipt = ReceiptFile::create(arguments.receipt);
  if (!receipt) return fail(console, receipt.error());
  if (arguments.confirm == DeleteArguments::Confirm::ask) {
    if (auto asked = ask_to_destroy("recording " + to_text(arguments.recording), "deleted", console); !asked) {
      return fail(console, asked.error());
    }
  }
  const auto body = engine->remove("/v1/recordings/" + to_text(arguments.recording));
  if (!body) return fail(console, body.error());
  const auto begun = parse_reply(*body);
  if (!begun) return fail(console, begun.error());
  if (is_held(*begun)) {
    if (arguments.output == Output::json) console.out << begun->dump(2) << "\n";
    return fail(console, still_held(*begun));
  }
  const auto reply = when_done(*engine, *begun, "deleting", console);
  if (!reply) return fail(console, reply.error());
  if (waits_for_processors(*reply)) {
    if (arguments.output == Output::json) {
      console.out << reply->dump(2) << "\n";
    } else {
      print_steps(*reply, console);
      print_open_processors(*reply, console);
    }
    return ExitStatus::failed;
  }
  const auto kept = receipt->keep(*reply);
  if (!kept) (void)fail(console, kept.error());
  const ExitStatus status = kept ? ExitStatus::ok : ExitStatus::failed;
  if (arguments.output == Output::json) {
    console.out << reply->dump(2) << "\n";
    return status;
  }
  print_steps(*reply, console);
  console.out << "recording " << to_text(arguments.recording) << " is destroyed (erasure " << text_at(*reply, "id")
              << ", " << receipt_text(*reply) << ")\n";
  return status;
}

}  // namespace assent
