// assent export --keys: the leg keys of a recording, for programs that decrypt segments without us.
//
// Who has a key has the audio, for ever, whatever is erased here later. So the export is on the ledger before the first
// key is opened, for a purpose that somebody agreed to: booked here when no engine runs on the folder, else by the
// engine, which is asked. The keys themselves never travel over HTTP: they are opened here, from the folder.
#include <ostream>

#include "engine/catalog/catalog_writer.h"
#include "engine/control/recordings.h"
#include "pipelines/gst/audio_renderer.h"
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/opened_state.h"

namespace assent {
namespace {

using KeyIds = std::vector<KeyId>;

Result<KeyIds> book_here(OpenedState& state, const ExportKeysArguments& wanted) {
  CatalogWriter writer(state.catalog());
  gst::GstAudioRenderer renderer;
  RecordingService recordings({state.catalog(), writer, state.keys(), state.store(), renderer});
  const auto exported = recordings.record_key_export(wanted.recording, wanted.purpose, {"command line"});
  if (!exported) return exported.error();
  return exported->keys;
}

Result<KeyIds> ask_engine_to_book(const ExportKeysArguments& wanted) {
  auto engine = reach_engine(wanted.engine);
  if (!engine) return engine.error();
  const auto target =
      target_of("/v1/recordings/" + to_text(wanted.recording) + "/key-exports", {{"purpose", wanted.purpose}});
  const auto body = engine->post(target, "");
  if (!body) return body.error();
  const auto reply = parse_reply(*body);
  if (!reply) return reply.error();
  KeyIds keys;
  for (const auto& name : list_at(*reply, "keys")) {
    const auto key = name.is_string() ? parse_id<KeyId>(name.get<std::string>()) : std::nullopt;
    if (!key) return error(Errc::corrupt, "the engine's answer names a key that is no id");
    keys.push_back(*key);
  }
  return keys;
}

// The folder, opened, and the keys whose export is on the ledger by then, put there by whoever may write it.
struct BookedExport {
  std::unique_ptr<OpenedState> state;
  KeyIds keys;
};

Result<BookedExport> open_and_book(const ExportKeysArguments& arguments) {
  auto state = OpenedState::open(arguments.state, StateUse::write);
  if (state) {
    auto keys = book_here(**state, arguments);
    if (!keys) return keys.error();
    return BookedExport{*std::move(state), *std::move(keys)};
  }
  if (state.error().code != Errc::conflict) return state.error();
  state = OpenedState::open(arguments.state, StateUse::read);
  if (!state) return state.error();
  auto keys = ask_engine_to_book(arguments);
  if (!keys) return keys.error();
  return BookedExport{*std::move(state), *std::move(keys)};
}

}  // namespace

ExitStatus perform(const ExportKeysArguments& arguments, Console& console) {
  console.err << "warning: whoever has these keys has the recording, also after it is deleted here; the export goes on "
                 "record\n"
              << std::flush;
  auto booked = open_and_book(arguments);
  if (!booked) return fail(console, booked.error());
  Json keys = Json::array();
  for (const auto id : booked->keys) {
    const auto key = booked->state->keys().open(id);
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
