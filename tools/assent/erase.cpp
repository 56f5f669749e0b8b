// assent erase: everything of a person destroyed, or of a tenant; it returns when all of it is gone.
#include "tools/assent/commands.h"
#include "tools/assent/confirm.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/erasure_wait.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/receipt_file.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

std::string target_text(const EraseArguments& arguments) {
  return arguments.subject.empty() ? "tenant " + arguments.account : "person " + arguments.subject;
}

}  // namespace

ExitStatus perform(const EraseArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  auto receipt = ReceiptFile::create(arguments.receipt);
  if (!receipt) return fail(console, receipt.error());
  if (arguments.confirm == EraseArguments::Confirm::ask) {
    if (auto asked = ask_to_destroy("everything of the " + printable(target_text(arguments)), "erased", console);
        !asked) {
      return fail(console, asked.error());
    }
  }
  Json wanted = Json::object();
  if (arguments.tenant) wanted["tenant"] = *arguments.tenant;
  const auto body = arguments.subject.empty()
                        ? engine->remove("/v1/tenants/" + path_part(arguments.account))
                        : engine->post("/v1/subjects/" + path_part(arguments.subject) + "/erase", wanted.dump());
  if (!body) return fail(console, body.error());
  const auto begun = parse_reply(*body);
  const auto erasure = begun ? when_done(*engine, *begun, "erasing", console) : begun;
  if (!erasure) return fail(console, erasure.error());
  if (waits_for_processors(*erasure)) {
    if (arguments.output == Output::json) {
      console.out << erasure->dump(2) << "\n";
    } else {
      print_steps(*erasure, console);
      print_open_processors(*erasure, console);
    }
    return ExitStatus::failed;
  }
  const auto kept = receipt->keep(*erasure);
  if (!kept) (void)fail(console, kept.error());
  const ExitStatus status = kept ? ExitStatus::ok : ExitStatus::failed;
  if (arguments.output == Output::json) {
    console.out << erasure->dump(2) << "\n";
    return status;
  }
  print_steps(*erasure, console);
  console.out << "everything of the " << printable(target_text(arguments)) << " is destroyed (erasure "
              << text_at(*erasure, "id") << ", " << receipt_text(*erasure) << ")\n";
  return status;
}

}  // namespace assent
