// assent keys: how old the keys are; replacing them.
#include "tools/assent/commands.h"
#include "tools/assent/confirm.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/erasure_wait.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/receipt_file.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

Result<Json> status_of(ApiClient& engine) {
  const auto body = engine.get("/v1/keys");
  if (!body) return body.error();
  return parse_reply(*body);
}

void print_status(const Json& status, Console& console) {
  const Json root = status.value("root", Json::object());
  console.out << "root key     " << text_at(root, "id") << " in " << printable(text_at(root, "provider")) << "\n";
  for (const Json& epoch : list_at(status, "epochs")) {
    console.out << "epoch        " << text_at(epoch, "id") << " since " << text_at(epoch, "since") << "\n";
  }
  console.out << "keys         " << status.value("keys", std::uint64_t{0}) << "\n";
  if (const auto rotation = status.find("rotation"); rotation != status.end() && rotation->is_object()) {
    const auto steps = list_at(*rotation, "steps");
    console.out << "rotation     under way, erasure " << text_at(*rotation, "id") << ": "
                << (steps.empty() ? "begun" : printable(text_at(steps.back(), "what"))) << "\n";
  }
  const std::string since = text_at(status, "oldest_epoch_since");
  if (since.empty()) return;
  console.out << "What has been erased since " << since
              << " opens with a copy of the catalog and of the root key from before its erasure;\n"
                 "`assent keys rotate` ends that.\n";
}

}  // namespace

ExitStatus perform(const KeysArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  if (arguments.act == KeysArguments::Act::status) {
    const auto status = status_of(*engine);
    if (!status) return fail(console, status.error());
    if (arguments.output == Output::json) {
      console.out << status->dump(2) << "\n";
    } else {
      print_status(*status, console);
    }
    return ExitStatus::ok;
  }
  const auto body = engine->post("/v1/keys/rotate", "");
  if (!body) return fail(console, body.error());
  const auto begun = parse_reply(*body);
  const auto rotation = begun ? when_done(*engine, *begun, "replacing keys", console) : begun;
  if (!rotation) return fail(console, rotation.error());
  if (arguments.output == Output::json) {
    console.out << rotation->dump(2) << "\n";
    return ExitStatus::ok;
  }
  print_steps(*rotation, console);
  console.out << "the keys are replaced (erasure " << text_at(*rotation, "id") << ", " << receipt_text(*rotation)
              << "): no copy of the catalog from before opens what has been erased by now.\n"
                 "Copy the root key again, destroy your older copies of it, and make a new backup of the catalog.\n";
  return ExitStatus::ok;
}

}  // namespace assent
