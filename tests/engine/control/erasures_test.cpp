#include "engine/control/erasures.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;

const Caller kCaller{"tester"};

std::vector<std::string> steps_of(const ErasureView& erasure) {
  std::vector<std::string> steps;
  for (const ErasureStep& step : erasure.steps) steps.push_back(step.step);
  return steps;
}

const std::vector<std::string> kAllSteps = {"keys-destroyed", "keys-gone", "journal-cleared", "objects-removed",
                                            "done"};

bool has_key(ControlRig& rig, KeyId key) { return must(rig.catalog->key(key)).has_value(); }

std::size_t objects_of(ControlRig& rig, const RecordedCall& call) {
  std::size_t count = 0;
  for (const std::string& name : must(rig.files->list())) count += name.find(to_text(call.call)) != std::string::npos;
  return count;
}

}  // namespace

TEST_CASE("a deleted recording's keys and objects are gone, checked, and the steps on record") {
  ControlRig rig;
  const auto call = rig.record_call();
  const auto other = rig.record_call();
  rig.consent_all(call, "quality");
  const auto response = rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording));
  REQUIRE(response.status == 200);
  const json body = json::parse(response.body);
  CHECK(body["state"] == "done");
  CHECK(body["recording"] == to_text(call.recording));
  CHECK(body["steps"].size() == kAllSteps.size());

  for (const LegRow& leg : call.legs) CHECK_FALSE(has_key(rig, leg.key));
  CHECK_FALSE(has_key(rig, call.call_key));
  CHECK(objects_of(rig, call) == 0);
  CHECK(must(rig.catalog->segments(call.recording)).empty());
  CHECK(must(rig.catalog->recording(call.recording))->state == RecordingState::erased);
  CHECK(rig.journal.erased == std::vector<RecordingId>{call.recording});
  CHECK(rig.journal.punched.size() == 4);
  CHECK(rig.ledger_kinds() ==
        std::vector<std::string>{"consent", "consent", "erasure_step", "erasure_step", "erasure_done"});
  CHECK(must(rig.catalog->verify_ledger()).head.seq == 5);

  const auto shown = rig.ask("GET", "/v1/erasures/" + body["id"].get<std::string>());
  CHECK(json::parse(shown.body) == body);

  // The other call is as it was.
  CHECK(objects_of(rig, other) == 4);
  for (const LegRow& leg : other.legs) CHECK(has_key(rig, leg.key));
}

TEST_CASE("an erased recording is shown without anything that named somebody, and not played") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  rig.consent(call, 0, "training", "granted", {}, "the form that Erika signed");
  must(rig.recordings.add_note(call.call, "a note", kCaller));
  const std::string path = "/v1/recordings/" + to_text(call.recording);
  const json before = json::parse(rig.ask("GET", path).body);
  CHECK(before["consents"][0]["signal"]["value"] == "");
  CHECK(before["consents"][2]["signal"]["value"] == "the form that Erika signed");
  must(rig.erasures.erase_recording(call.recording, kCaller));
  const json body = json::parse(rig.ask("GET", path).body);
  CHECK(body["state"] == "erased");
  CHECK(body["ref"].is_null());
  CHECK(body["notes"].empty());
  CHECK(body["segments"].empty());
  CHECK(body["consents"][2]["decision"] == "granted");
  CHECK(body["consents"][2]["signal"]["value"].is_null());
  for (const json& leg : body["legs"]) CHECK(leg["label"].is_null());
  for (const json& participant : body["participants"]) {
    CHECK(participant["ref"].is_null());
    CHECK(participant["name"].is_null());
  }
  CHECK(rig.ask("GET", path + "/audio?purpose=quality").status == 404);
  CHECK(rig.ask("POST", "/v1/calls/" + to_text(call.call) + "/notes", R"({"text":"late"})").status == 409);
  CHECK(rig.ask("DELETE", path).status == 404);
}

TEST_CASE("a live call's recording cannot be deleted") {
  ControlRig rig;
  RecordSpec spec;
  spec.state = CallState::live;
  const auto call = rig.record_call(spec);
  CHECK(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).status == 409);
  CHECK(has_key(rig, call.legs[0].key));
  CHECK(objects_of(rig, call) == 4);
}

TEST_CASE("an interrupted call's recording can be deleted") {
  ControlRig rig;
  RecordSpec spec;
  spec.state = CallState::interrupted;
  const auto call = rig.record_call(spec);
  CHECK(steps_of(must(rig.erasures.erase_recording(call.recording, kCaller))) == kAllSteps);
}

TEST_CASE("an object that was stored and never booked is removed, too") {
  ControlRig rig;
  const auto call = rig.record_call();
  const std::string orphan = object_name({ControlRig::kStart, call.call, call.legs[0].id, 9});
  ObjectInMemory content(bytes_of("ciphertext"));
  must(rig.files->put(orphan, content));
  CHECK(objects_of(rig, call) == 5);
  must(rig.erasures.erase_recording(call.recording, kCaller));
  CHECK(objects_of(rig, call) == 0);
}

TEST_CASE("while an object cannot be removed the erasure is not done and says so; asked again it is") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.store.remove_fails = error(Errc::io, "the disk says no");
  const std::string path = "/v1/recordings/" + to_text(call.recording);
  const auto failed = rig.ask("DELETE", path);
  CHECK(failed.status == 503);
  const json problem = json::parse(failed.body);
  CHECK(problem["type"] == "urn:assent:problem:erasure-incomplete");
  CHECK(problem["detail"].get<std::string>().find("the disk says no") != std::string::npos);
  CHECK(objects_of(rig, call) == 4);
  CHECK_FALSE(has_key(rig, call.legs[0].key));
  const auto open = must(rig.catalog->unfinished_erasures());
  REQUIRE(open.size() == 1);
  CHECK(json::parse(rig.ask("GET", "/v1/erasures/" + to_text(open[0].id)).body)["state"] == "incomplete");
  CHECK(rig.ledger_kinds().back() == "erasure_step");

  rig.store.remove_fails.reset();
  const auto again = rig.ask("DELETE", path);
  CHECK(again.status == 200);
  CHECK(json::parse(again.body)["id"] == to_text(open[0].id));
  CHECK(objects_of(rig, call) == 0);
  CHECK(rig.ledger_kinds().back() == "erasure_done");
}

TEST_CASE("an erasure that was not done goes on at the next start") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.journal.fails = error(Errc::unavailable, "the journal is stuck");
  const auto failed = must(rig.erasures.erase_recording(call.recording, kCaller));
  CHECK_FALSE(failed.done);
  CHECK(failed.trouble == "the journal is stuck");
  CHECK(steps_of(failed) == std::vector<std::string>{"keys-destroyed", "keys-gone"});

  CHECK(must(rig.erasures.resume()).size() == 1);  // still stuck
  rig.journal.fails.reset();
  CHECK(must(rig.erasures.resume()).empty());
  CHECK(must(rig.erasures.show(failed.id)).done);
  CHECK(objects_of(rig, call) == 0);
  CHECK(must(rig.catalog->unfinished_erasures()).empty());
  CHECK(must(rig.erasures.resume()).empty());
}

TEST_CASE("a stream that is being played ends when its recording is erased") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  auto stream = must(rig.recordings.audio({call.recording, "quality", {}}, AudioFormat::wav, kCaller));
  Bytes chunk(8192);
  CHECK(must(stream.pull(chunk)) == 160);
  must(rig.erasures.erase_recording(call.recording, kCaller));
  std::string failed;
  CHECK(read_stream(stream, &failed).empty());
  CHECK(failed == "the recording is being erased");
}

TEST_CASE("two who delete at the same time make one erasure") {
  ControlRig rig;
  const auto call = rig.record_call();
  std::atomic<int> done{0};
  std::atomic<int> turned_away{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const auto erased = rig.erasures.erase_recording(call.recording, kCaller);
      if (erased && erased->done) ++done;
      if (!erased && (erased.error().code == Errc::conflict || erased.error().code == Errc::not_found)) ++turned_away;
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(done == 1);
  CHECK(turned_away == 3);
}

TEST_CASE("the catalog's file holds nothing of the keys after an erasure") {
  ControlRig rig;
  const auto call = rig.record_call();
  const Bytes wrapped = must(rig.catalog->key(call.legs[0].key))->wrapped;
  const auto files_hold = [&](ByteView what) {
    for (const char* name : {"catalog.db", "catalog.db-wal"}) {
      std::ifstream file(rig.folder.path / name, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      if (text.find(text_of(what)) != std::string::npos) return true;
    }
    return false;
  };
  CHECK(files_hold(wrapped));
  must(rig.erasures.erase_recording(call.recording, kCaller));
  CHECK_FALSE(files_hold(wrapped));
}

}  // namespace assent
