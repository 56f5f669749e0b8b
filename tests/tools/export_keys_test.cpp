// Exporting keys straight from a state folder that no engine has.
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "crypto/file_root_key.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/people.h"
#include "engine/catalog/sqlite_catalog.h"
#include "pipelines/state_folder.h"
#include "tests/tools/temporary_folder.h"
#include "tools/assent/commands.h"

namespace assent {
namespace {

const WallTime kNow = *parse_rfc3339("2026-11-24T22:59:00Z");

// A state folder with one complete recording of one leg; closed again when it is made.
class RecordedState {
 public:
  RecordedState() {
    const StateFolder state(folder_.path);
    auto catalog = SqliteCatalog::open(state.root());
    REQUIRE(catalog);
    const auto root = FileRootKey::create(state.root_key());
    REQUIRE(root);
    KeyRing keys(**catalog, *root);
    std::vector<Booking> bookings;
    REQUIRE(keys.epoch(bookings));
    REQUIRE((*catalog)->book(bookings));
    bookings.clear();

    People people(**catalog, keys);
    const auto tenant = people.tenant_or_new("default", kNow, bookings);
    REQUIRE(tenant);
    const auto subject = people.subject_or_new(*tenant, std::nullopt, kNow, bookings);
    REQUIRE(subject);
    const auto call_key = keys.make(KeyKind::call, tenant->key, bookings);
    const auto leg_key = keys.make(KeyKind::leg, subject->key, bookings);
    REQUIRE((call_key && leg_key));
    const auto call = new_id<CallId>(kNow);
    const auto participant = new_id<ParticipantId>(kNow);
    bookings.emplace_back(
        booking::AddCall{{call, tenant->id, call_key->id, "all-party", {}, "", kNow, std::nullopt, CallState::live}});
    bookings.emplace_back(booking::AddParticipant{{participant, call, subject->id, "customer", {}, subject->key.id}});
    bookings.emplace_back(
        booking::AddLeg{{new_id<LegId>(kNow), call, participant, 0, {}, leg_key->id, "PCMU/8000", ""}});
    bookings.emplace_back(
        booking::OpenRecording{{recording, call, tenant->id, RecordingState::open, kNow, std::nullopt, ""}});
    ConsentRow consent;
    consent.id = new_id<ConsentId>(kNow);
    consent.call = call;
    consent.participant = participant;
    consent.purpose = "quality";
    consent.decision = "granted";
    consent.signal_type = "api";
    consent.at = kNow;
    bookings.emplace_back(booking::AddConsent{consent});
    bookings.emplace_back(booking::EndCall{call, kNow, CallState::ended});
    bookings.emplace_back(booking::CloseRecording{recording, kNow, RecordingState::complete, ""});
    REQUIRE((*catalog)->book(bookings));
    key_id = to_text(leg_key->id);
    key = to_hex(leg_key->key->reveal());
  }

  std::filesystem::path path() const { return folder_.path; }
  std::vector<LedgerRow> ledger() const {
    const auto catalog = SqliteCatalog::open_read_only(path());
    REQUIRE(catalog);
    const auto rows = (*catalog)->ledger({});
    REQUIRE(rows);
    return *rows;
  }

  const RecordingId recording = new_id<RecordingId>(kNow);
  std::string key_id;
  std::string key;

 private:
  TemporaryFolder folder_;
};

ExportKeysArguments arguments_for(const RecordedState& state, RecordingId recording) {
  return {{std::nullopt, std::nullopt, state.path()}, {state.path(), std::nullopt}, recording, "quality", Output::json};
}

}  // namespace

TEST_CASE("keys are printed after a warning, and their export stands on the ledger") {
  const RecordedState state;
  const std::size_t before = state.ledger().size();
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  CHECK(perform(arguments_for(state, state.recording), console) == ExitStatus::ok);
  CHECK(nlohmann::json::parse(out.str()) ==
        nlohmann::json{{"keys", nlohmann::json::array({{{"id", state.key_id}, {"key", state.key}}})}});
  CHECK(err.str().find("warning: whoever has these keys") == 0);

  const auto ledger = state.ledger();
  REQUIRE(ledger.size() == before + 1);
  CHECK(ledger.back().kind == "export_keys");
  CHECK(ledger.back().body_json.find(to_text(state.recording)) != std::string::npos);
  CHECK(ledger.back().body_json.find(state.key_id) != std::string::npos);
  CHECK(ledger.back().body_json.find(state.key) == std::string::npos);
}

TEST_CASE("no key is printed for a purpose that nobody agreed to, and the attempt is on record") {
  const RecordedState state;
  auto arguments = arguments_for(state, state.recording);
  arguments.purpose = "training";
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  CHECK(perform(arguments, console) == ExitStatus::failed);
  CHECK(out.str().empty());
  CHECK(err.str().find("training") != std::string::npos);
  CHECK(state.ledger().back().kind == "refusal");
}

TEST_CASE("no key is printed for a recording that is not there, and nothing is booked") {
  const RecordedState state;
  const std::size_t before = state.ledger().size();
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  CHECK(perform(arguments_for(state, new_id<RecordingId>(kNow)), console) == ExitStatus::failed);
  CHECK(out.str().empty());
  CHECK(state.ledger().size() == before);
}

TEST_CASE("no key is printed when the engine that has the folder cannot be asked to put it on record") {
  const RecordedState state;
  const auto engine = SqliteCatalog::open(state.path());  // holds the lock, as an engine does
  REQUIRE(engine);
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  CHECK(perform(arguments_for(state, state.recording), console) == ExitStatus::failed);
  CHECK(out.str().empty());
  CHECK(err.str().find("there is no engine.json in it") != std::string::npos);
}

TEST_CASE("a whole state folder verifies, and says so") {
  const RecordedState state;
  VerifyArguments arguments;
  arguments.state = StateReach{state.path(), std::nullopt};
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  CHECK(perform(arguments, console) == ExitStatus::ok);
  CHECK(out.str().find("records in one chain") != std::string::npos);
}

TEST_CASE("another root key than the folder's opens nothing") {
  const RecordedState state;
  const TemporaryFolder elsewhere;
  REQUIRE(FileRootKey::create(elsewhere.path / "root.key"));
  auto arguments = arguments_for(state, state.recording);
  arguments.state.root_key = elsewhere.path / "root.key";
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  CHECK(perform(arguments, console) == ExitStatus::failed);
  CHECK(out.str().empty());
}

}  // namespace assent
