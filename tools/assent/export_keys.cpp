// assent export --keys: the leg keys of a recording, for programs that decrypt segments without us.
//
// Who has a key has the audio, for ever, whatever is erased here later. So the export is on the ledger before the first
// key is opened: booked here when no engine runs on the folder, else by the engine, which is asked. The keys themselves
// never travel over HTTP: they are opened here, from the folder.
#include <ostream>

#include "engine/catalog/catalog.h"
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/opened_state.h"

namespace assent {
namespace {

struct RecordedKeys {
  CallId call;
  std::vector<KeyId> keys;
};

Result<RecordedKeys> find_keys(Catalog& catalog, RecordingId id) {
  const auto recording = catalog.recording(id);
  if (!recording) return recording.error();
  if (!*recording) return error(Errc::not_found, "there is no recording " + to_text(id));
  if ((*recording)->state == RecordingState::erased) {
    return error(Errc::not_found, "recording " + to_text(id) + " has been erased, and its keys destroyed");
  }
  const auto legs = catalog.legs((*recording)->call);
  if (!legs) return legs.error();
  RecordedKeys found{(*recording)->call, {}};
  for (const auto& leg : *legs) found.keys.push_back(leg.key);
  return found;
}

Result<void> book_export(Catalog& catalog, RecordingId id, const RecordedKeys& recorded) {
  Json names = Json::array();
  for (const auto key : recorded.keys) names.push_back(to_text(key));
  const Json body = {{"by", "command line"}, {"keys", names}, {"recording", to_text(id)}};
  const Booking entry = booking::AddLedger{{LedgerKind::export_keys, read_clocks().wall, recorded.call, body.dump()}};
  return catalog.book({&entry, 1});
}

// Opens the folder and sees to it that the export is on the ledger, by whoever may write it.
Result<std::unique_ptr<OpenedState>> open_and_book(const ExportKeysArguments& arguments, RecordedKeys& recorded) {
  auto state = OpenedState::open(arguments.state, StateUse::write);
  const bool engine_runs = !state && state.error().code == Errc::conflict;
  if (engine_runs) state = OpenedState::open(arguments.state, StateUse::read);
  if (!state) return state;
  auto found = find_keys((*state)->catalog(), arguments.recording);
  if (!found) return found.error();
  recorded = *std::move(found);
  if (!engine_runs) {
    if (auto booked = book_export((*state)->catalog(), arguments.recording, recorded); !booked) return booked.error();
    return state;
  }
  auto engine = reach_engine(arguments.engine);
  if (!engine) return engine.error();
  const auto booked = engine->post("/v1/recordings/" + to_text(arguments.recording) + "/key-exports", "{}");
  if (!booked) return booked.error();
  return state;
}

}  // namespace

ExitStatus perform(const ExportKeysArguments& arguments, Console& console) {
  console.err << "warning: whoever has these keys has the recording, also after it is deleted here; the export goes on "
                 "record\n"
              << std::flush;
  RecordedKeys recorded;
  auto state = open_and_book(arguments, recorded);
  if (!state) return fail(console, state.error());
  Json keys = Json::array();
  for (const auto id : recorded.keys) {
    const auto key = (*state)->keys().open(id);
    if (!key) return fail(console, key.error());
    keys.push_back({{"id", to_text(id)}, {"key", to_hex(key->key->reveal())}});
  }
  if (arguments.output == Output::json) {
    console.out << Json{{"keys", keys}}.dump() << "\n";
  } else {
    for (const auto& key : keys) console.out << text_at(key, "id") << " " << text_at(key, "key") << "\n";
  }
  return ExitStatus::ok;
}

}  // namespace assent
