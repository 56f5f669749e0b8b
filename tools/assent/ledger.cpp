// assent ledger: what stands on the record; whether it is whole; all of it for others; a new key to sign it with.
//
// Showing asks an engine. Verifying with a state folder reads the folder itself, so that it needs no engine's word and
// works when the engine refuses to start; it may run beside one. Rotating the key writes, so no engine may run.
#include <ostream>

#include "engine/catalog/ledger.h"
#include "engine/catalog/ledger_export.h"
#include "engine/catalog/ledger_keys.h"
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/opened_state.h"
#include "tools/assent/output_file.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

using Act = LedgerArguments::Act;

Result<std::unique_ptr<OpenedState>> open_state(const LedgerArguments& arguments, StateUse use) {
  return OpenedState::open({arguments.engine.state.value_or(""), arguments.root_key}, use);
}

// ---- show ---------------------------------------------------------------------------------------------------------

ExitStatus show(const LedgerArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
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

// ---- verify -------------------------------------------------------------------------------------------------------

// As the engine's API says it.
Json json_of(const LedgerReport& report, double took_s) {
  Json json = {{"intact", true},
               {"records", report.head.seq},
               {"head", to_text(report.head)},
               {"end", report.end == LedgerReport::End::proven ? "proven" : "unproven"},
               {"checkpoints", report.checkpoints},
               {"last_checkpoint", nullptr},
               {"public_key", nullptr},
               {"seconds", took_s}};
  if (report.last_checkpoint) {
    json["last_checkpoint"] = {{"seq", *report.last_checkpoint},
                               {"at", to_rfc3339(report.last_checkpoint_at.value_or(WallTime{}))}};
  }
  if (report.public_key) json["public_key"] = to_hex(*report.public_key);
  return json;
}

Result<Json> verify_folder(const LedgerArguments& arguments) {
  auto state = open_state(arguments, StateUse::read);
  if (!state) return state.error();
  const MonoTime began = read_mono();
  const auto report = (*state)->catalog().verify_ledger(arguments.expect_head);
  if (report) return json_of(*report, std::chrono::duration<double>(read_mono() - began).count());
  if (report.error().code != Errc::corrupt) return report.error();
  return Json{{"intact", false}, {"fault", report.error().what}};
}

Result<Json> ask_engine_to_verify(const LedgerArguments& arguments) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return engine.error();
  const std::string noted = arguments.expect_head ? to_text(*arguments.expect_head) : "";
  const auto body = engine->get(target_of("/v1/ledger/verify", {{"expect_head", noted}}));
  if (!body) return body.error();
  return parse_reply(*body);
}

void print_verdict(const Json& verdict, std::ostream& out) {
  if (text_at(verdict, "intact") != "true") {
    out << "the ledger is BROKEN: " << printable(text_at(verdict, "fault")) << "\n";
    return;
  }
  out << "the ledger is intact: " << text_at(verdict, "records") << " records";
  const double took_s = verdict.value("seconds", 0.0);
  if (took_s > 0) out << ", " << std::uint64_t(verdict.value("records", 0.0) / took_s) << " a second";
  out << "\n";
  const Json last = object_at(verdict, "last_checkpoint");
  out << "checkpoints  " << text_at(verdict, "checkpoints");
  if (!last.empty()) out << ", the last at record " << text_at(last, "seq") << ", " << text_at(last, "at");
  out << "\npublic key   " << text_at(verdict, "public_key") << "\nhead         " << text_at(verdict, "head") << "\n";
  if (text_at(verdict, "end") != "proven") {
    out << "nothing seals this ledger yet: that its end was not cut off cannot be shown\n";
  }
}

ExitStatus verify(const LedgerArguments& arguments, Console& console) {
  const bool by_folder = arguments.engine.state && !arguments.engine.api;
  const auto verdict = by_folder ? verify_folder(arguments) : ask_engine_to_verify(arguments);
  if (!verdict) return fail(console, verdict.error());
  if (arguments.output == Output::json) {
    console.out << verdict->dump(2) << "\n";
  } else {
    print_verdict(*verdict, console.out);
  }
  return text_at(*verdict, "intact") == "true" ? ExitStatus::ok : ExitStatus::failed;
}

// ---- export, rotate-key -------------------------------------------------------------------------------------------

ExitStatus export_records(const LedgerArguments& arguments, Console& console) {
  auto state = open_state(arguments, StateUse::read);
  if (!state) return fail(console, state.error());
  const auto seal = open_ledger_seal((*state)->catalog(), (*state)->keys());
  if (!seal) return fail(console, seal.error());
  auto file = OutputFile::create(arguments.out);
  if (!file) return fail(console, file.error());
  const auto head = export_ledger((*state)->catalog(), seal->get(), read_clocks().wall,
                                  [&](const std::string& line) { return file->write(bytes_of(line)); });
  if (!head) return fail(console, head.error());
  if (const auto finished = file->finish(); !finished) return fail(console, finished.error());
  if (arguments.out == "-") return ExitStatus::ok;
  if (arguments.output == Output::json) {
    console.out << Json{{"records", head->seq}, {"head", to_text(*head)}, {"file", arguments.out.string()}}.dump(2)
                << "\n";
  } else {
    console.out << head->seq << " records in " << arguments.out.string() << ", up to " << to_text(*head) << "\n";
  }
  return ExitStatus::ok;
}

ExitStatus rotate_key(const LedgerArguments& arguments, Console& console) {
  auto state = open_state(arguments, StateUse::write);
  if (!state) return fail(console, state.error());
  SqliteCatalog& catalog = (*state)->catalog();
  if (const auto verified = catalog.verify_ledger(); !verified) return fail(console, verified.error());
  const auto before = open_ledger_seal(catalog, (*state)->keys());
  if (!before) return fail(console, before.error());
  std::vector<Booking> bookings;
  const auto epoch = (*state)->keys().epoch(bookings);
  if (!epoch) return fail(console, epoch.error());
  const auto next = start_ledger_key((*state)->keys(), *epoch, *before, read_clocks().wall, bookings);
  if (!next) return fail(console, next.error());
  bookings.emplace_back(booking::AddCheckpoint{read_clocks().wall});
  if (const auto booked = catalog.book(bookings); !booked) return fail(console, booked.error());
  if (const auto forgotten = catalog.forget_deleted(); !forgotten) return fail(console, forgotten.error());
  const std::string key = to_hex((*next)->public_key());
  if (arguments.output == Output::json) {
    console.out << Json{{"public_key", key}, {"key", to_text((*next)->key())}}.dump(2) << "\n";
  } else {
    console.out << "the ledger is signed by a new key from here on; its public key is " << key << "\n";
  }
  return ExitStatus::ok;
}

}  // namespace

ExitStatus perform(const LedgerArguments& arguments, Console& console) {
  switch (arguments.act) {
    case Act::show: return show(arguments, console);
    case Act::verify: return verify(arguments, console);
    case Act::export_records: return export_records(arguments, console);
    case Act::rotate_key: return rotate_key(arguments, console);
  }
  return ExitStatus::failed;
}

}  // namespace assent
