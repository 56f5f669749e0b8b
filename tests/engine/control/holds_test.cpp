// Legal holds: what they keep from being destroyed by every way, what waits meanwhile, and that it begins once.
#include "engine/control/holds.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control_rig.h"
#include "engine/catalog/leg_erasure.h"

namespace assent {
namespace {

using nlohmann::json;

const Caller kCaller{"tester"};

bool has_key(ControlRig& rig, KeyId key) { return must(rig.catalog->key(key)).has_value(); }

bool is_whole(ControlRig& rig, const RecordedCall& call) {
  const bool has_keys =
      std::all_of(call.legs.begin(), call.legs.end(), [&](const LegRow& leg) { return has_key(rig, leg.key); });
  return has_keys && has_key(rig, call.call_key) && must(rig.catalog->segments(call.recording)).size() == 4;
}

RecordSpec of_others() {
  RecordSpec spec;
  spec.subjects = {"customer-2", "agent-2"};
  return spec;
}

unsigned heard(ControlRig& rig, const RecordedCall& call) {
  return rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio?format=wav&purpose=quality").status;
}

json place(ControlRig& rig, const std::string& on, const std::string& id, const std::string& more = "") {
  const auto response = rig.ask("POST", "/v1/holds",
                                R"({"on":")" + on + R"(","id":")" + id + R"(","reason":"case 2026-114")" + more + "}");
  INFO(response.body);
  REQUIRE(response.status == 201);
  return json::parse(response.body);
}

void release(ControlRig& rig, const json& hold) {
  const auto response = rig.ask("DELETE", "/v1/holds/" + hold["id"].get<std::string>() + "?reason=closed");
  INFO(response.body);
  REQUIRE(response.status == 200);
  CHECK(json::parse(response.body)["state"] == "released");
}

json shown(ControlRig& rig, const json& erasure) {
  return json::parse(rig.ask("GET", "/v1/erasures/" + erasure["id"].get<std::string>()).body);
}

std::size_t begun(ControlRig& rig, const json& erasure) {
  const auto rows = rig.ledger();
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](const LedgerRow& row) {
    const json body = json::parse(row.body_json);
    return row.kind == "erasure_step" && body["erasure"] == erasure["id"] && body.contains("by") &&
           body.contains("destroyed");
  }));
}

}  // namespace

TEST_CASE("a hold is placed on a recording, a call, a person or a tenant, listed, released, and stands on the ledger") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  const json hold = place(rig, "subject", "customer-1", R"(,"until":"2199-01-01T00:00:00Z")");
  CHECK(hold["subject"] == to_text(call.subjects[0]));
  CHECK(hold["by"] == "admin");
  CHECK(hold["state"] == "standing");
  CHECK(hold["until"] == "2199-01-01T00:00:00.000Z");
  place(rig, "recording", to_text(call.recording));
  place(rig, "call", to_text(call.call));
  place(rig, "tenant", "default");
  const json listed = json::parse(rig.ask("GET", "/v1/holds", "", Role::supervisor).body);
  CHECK(listed["holds"].size() == 4);
  const json recording = json::parse(rig.ask("GET", "/v1/recordings/" + to_text(call.recording)).body);
  CHECK(recording["holds"].size() == 4);
  CHECK(recording["expires"].is_null());
  release(rig, hold);
  CHECK(rig.freed == 1);
  const json over = json::parse(rig.ask("GET", "/v1/holds?state=ended").body);
  REQUIRE(over["holds"].size() == 1);
  CHECK(over["holds"][0]["ended_reason"] == "closed");
  CHECK(rig.ask("DELETE", "/v1/holds/" + hold["id"].get<std::string>() + "?reason=again").status == 404);
  const auto kinds = rig.ledger_kinds();
  CHECK(std::count(kinds.begin(), kinds.end(), "hold") == 5);
  CHECK(json::parse(rig.ledger().back().body_json)["by"] == "admin");
}

TEST_CASE("a hold that is none is refused, and only an admin places or releases one") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  const auto refused = [&](const std::string& body) { return rig.ask("POST", "/v1/holds", body).status; };
  CHECK(refused(R"({"on":"subject","id":"nobody","reason":"c"})") == 404);
  CHECK(refused(R"({"on":"tenant","id":"nobody","reason":"c"})") == 404);
  CHECK(refused(R"({"on":"recording","id":"4711","reason":"c"})") == 422);
  CHECK(refused(R"({"on":"call","id":")" + to_text(call.recording) + R"(","reason":"c"})") == 404);
  CHECK(refused(R"({"on":"person","id":"a","reason":"c"})") == 422);
  CHECK(refused(R"({"on":"tenant","id":"default"})") == 422);
  CHECK(refused(R"({"on":"tenant","id":"default","reason":"Zoë"})") == 422);
  CHECK(refused(R"({"on":"tenant","id":"default","tenant":"x","reason":"c"})") == 422);
  CHECK(refused(R"({"on":"tenant","id":"default","reason":"c","until":"2001-01-01T00:00:00Z"})") == 422);
  for (const Role role : {Role::supervisor, Role::agent, Role::ingest}) {
    CHECK(rig.ask("POST", "/v1/holds", R"({"on":"tenant","id":"default","reason":"c"})", role).status == 403);
    CHECK(rig.ask("DELETE", "/v1/holds/" + to_text(call.call) + "?reason=c", "", role).status == 403);
  }
  CHECK(rig.ask("GET", "/v1/holds", "", Role::agent).status == 403);
  CHECK(rig.ask("DELETE", "/v1/holds/" + to_text(call.call)).status == 400);
  CHECK(json::parse(rig.ask("GET", "/v1/holds").body)["holds"].empty());
  must(rig.erasures.erase_recording(call.recording, kCaller));
  CHECK(refused(R"({"on":"recording","id":")" + to_text(call.recording) + R"(","reason":"c"})") == 409);
}

TEST_CASE(
    "a recording that is held is not deleted: the deletion waits, nobody hears it, and it begins with the release") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  const auto other = rig.record_agreed(of_others());
  const json hold = place(rig, "subject", "agent-1");
  const std::string path = "/v1/recordings/" + to_text(call.recording);
  const auto response = rig.ask("DELETE", path);
  REQUIRE(response.status == 202);
  const json erasure = json::parse(response.body);
  CHECK(erasure["state"] == "held");
  const std::string what = erasure["steps"].back()["what"];
  CHECK(erasure["steps"].back()["step"] == "held");
  CHECK(what.find(hold["id"].get<std::string>()) != std::string::npos);
  CHECK(what.find("case 2026-114") != std::string::npos);
  CHECK(what.find("until it is released") != std::string::npos);
  CHECK(is_whole(rig, call));
  CHECK(heard(rig, call) == 403);
  CHECK(heard(rig, other) == 200);
  // Asked again it is the same one.
  CHECK(json::parse(rig.ask("DELETE", path).body)["id"] == erasure["id"]);
  CHECK(json::parse(rig.ask("GET", "/v1/holds").body)["holds"][0]["waiting"] == json::array({erasure["id"]}));

  auto held = rig.held_erasures();
  CHECK_FALSE(must(held.begin_free()));
  CHECK(is_whole(rig, call));
  release(rig, hold);
  CHECK_FALSE(must(held.begin_free()));
  const json done = shown(rig, erasure);
  CHECK(done["state"] == "done");
  CHECK_FALSE(is_whole(rig, call));
  CHECK(must(rig.catalog->recording(call.recording))->state == RecordingState::erased);
  must(held.begin_free());
  CHECK(begun(rig, erasure) == 1);
  const auto kinds = rig.ledger_kinds();
  CHECK(std::count(kinds.begin(), kinds.end(), "erasure_done") == 1);
  // Whose word it was stands in what it destroyed, long after.
  for (const LedgerRow& row : rig.ledger()) {
    const json body = json::parse(row.body_json);
    if (row.kind == "erasure_done") CHECK(body["by"] == "admin");
  }
  CHECK(heard(rig, other) == 200);
}

TEST_CASE("another hold takes the place of one that ends, and the last one lets it begin") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  const json on_tenant = place(rig, "tenant", "default");
  const json on_call = place(rig, "call", to_text(call.call), R"(,"until":"2199-01-01T00:00:00Z")");
  const json erasure = json::parse(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).body);
  auto held = rig.held_erasures();
  release(rig, on_tenant);
  must(held.begin_free());
  CHECK(is_whole(rig, call));
  const std::string what = shown(rig, erasure)["steps"].back()["what"];
  CHECK(what.find(on_call["id"].get<std::string>()) != std::string::npos);
  CHECK(what.find("until 2199") != std::string::npos);
  release(rig, on_call);
  must(held.begin_free());
  CHECK(shown(rig, erasure)["state"] == "done");
}

TEST_CASE("a person of whose calls one is held waits whole, and takes back every consent at once") {
  ControlRig rig;
  const auto first = rig.record_agreed();
  const auto second = rig.record_agreed();
  const auto other = rig.record_agreed(of_others());
  const json hold = place(rig, "recording", to_text(second.recording));
  const auto response = rig.ask("POST", "/v1/subjects/customer-1/erase");
  REQUIRE(response.status == 202);
  const json erasure = json::parse(response.body);
  CHECK(erasure["state"] == "held");
  CHECK(erasure["subject"] == to_text(first.subjects[0]));
  for (const RecordedCall* call : {&first, &second}) {
    CHECK(is_whole(rig, *call));
    CHECK(heard(rig, *call) == 403);
  }
  CHECK(has_key(rig, must(rig.catalog->subject(first.subjects[0]))->key));
  CHECK(json::parse(rig.ask("POST", "/v1/subjects/customer-1/erase").body)["id"] == erasure["id"]);
  // It goes on after a restart.
  rig.start_person_erasures(1h);
  must(rig.person_erasures->resume());
  rig.person_erasures->wait_until_idle();
  CHECK(is_whole(rig, first));

  release(rig, hold);
  auto held = rig.held_erasures();
  must(held.begin_free());
  rig.person_erasures->wait_until_idle();
  CHECK(shown(rig, erasure)["state"] == "done");
  for (const RecordedCall* call : {&first, &second}) CHECK_FALSE(is_whole(rig, *call));
  CHECK(is_whole(rig, other));
  CHECK(begun(rig, erasure) == 1);
  CHECK(must(rig.catalog->held_erasures()).empty());
}

TEST_CASE("a tenant of which anything is held waits, and is erased when nothing is") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  RecordSpec elsewhere;
  elsewhere.tenant = "acme";
  const auto other = rig.record_agreed(elsewhere);
  const json hold = place(rig, "subject", "customer-1");
  const json erasure = json::parse(rig.ask("DELETE", "/v1/tenants/default").body);
  CHECK(erasure["state"] == "held");
  CHECK(is_whole(rig, call));
  CHECK(heard(rig, call) == 403);
  CHECK(heard(rig, other) == 200);
  release(rig, hold);
  auto held = rig.held_erasures();
  must(held.begin_free());
  rig.person_erasures->wait_until_idle();
  CHECK(shown(rig, erasure)["state"] == "done");
  CHECK_FALSE(is_whole(rig, call));
  CHECK(is_whole(rig, other));
}

TEST_CASE("a withdrawal that erases counts at once, and takes the keys of what is held when the hold ends") {
  ControlRig rig;
  rig.on_withdraw = OnWithdraw::erase;
  const auto first = rig.record_agreed();
  const auto second = rig.record_agreed();
  const json hold = place(rig, "call", to_text(first.call));
  const auto response = rig.ask("POST", "/v1/subjects/customer-1/withdraw");
  REQUIRE(response.status == 200);
  const json calls = json::parse(response.body)["calls"];
  REQUIRE(calls.size() == 2);
  CHECK(heard(rig, first) == 403);
  CHECK(is_whole(rig, first));
  CHECK_FALSE(has_key(rig, second.legs[0].key));
  const json of_first = calls[0]["call"] == to_text(first.call) ? calls[0] : calls[1];
  const json erasure = shown(rig, {{"id", of_first["erasure"]}});
  CHECK(erasure["state"] == "held");
  CHECK(erasure["legs"] == to_text(first.call));

  release(rig, hold);
  auto held = rig.held_erasures();
  rig.erasures_begun.clear();
  must(held.begin_free());
  REQUIRE(rig.erasures_begun.size() == 1);
  CHECK_FALSE(has_key(rig, first.legs[0].key));
  CHECK_FALSE(has_key(rig, first.legs[1].key));
  must(rig.remove_legs(first.call));
  CHECK(shown(rig, erasure)["state"] == "done");
  must(held.begin_free());
  CHECK(rig.erasures_begun.size() == 1);
}

TEST_CASE("while a call is in progress what waits for its hold waits on, and begins when it is over") {
  ControlRig rig;
  RecordSpec spec;
  spec.state = CallState::live;
  const auto call = rig.record_call(spec);
  const json hold = place(rig, "call", to_text(call.call));
  const booking::EraseLegs erase{
      new_id<ErasureId>(ControlRig::kStart), call.call,    "leg:x",         ControlRig::kStart, {call.participants[0]},
      {call.legs[0].key, call.legs[1].key},  std::nullopt, R"({"keys":[]})"};
  must(rig.writer->book_and_wait({erase}));
  release(rig, hold);
  auto held = rig.held_erasures();
  CHECK(must(held.begin_free()));  // to be asked again
  CHECK(is_whole(rig, call));
  must(rig.writer->book_and_wait({booking::EndCall{call.call, ControlRig::kStart + 10s, CallState::ended}}));
  CHECK_FALSE(must(held.begin_free()));
  CHECK_FALSE(has_key(rig, call.legs[0].key));
}

TEST_CASE("an engine that stops before the consents were withdrawn withdraws them when it looks again") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  place(rig, "tenant", "default");
  HoldQueue forgetful(*rig.catalog, *rig.writer,
                      [](const ErasureRow&, const Caller&) -> Result<void> { return error(Errc::unavailable, "no"); });
  CHECK_FALSE(forgetful.queue_if_held(HoldTarget::recording, call.recording.bytes, kCaller));
  CHECK(heard(rig, call) == 200);
  auto held = rig.held_erasures();
  must(held.begin_free());
  CHECK(heard(rig, call) == 403);
  CHECK(is_whole(rig, call));
}

TEST_CASE("keys replaced under a hold leave what is held whole, and what waits begins afterwards as before") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  const json hold = place(rig, "recording", to_text(call.recording));
  const json erasure = json::parse(rig.ask("POST", "/v1/subjects/customer-1/erase").body);
  REQUIRE(erasure["state"] == "held");
  must(rig.key_rotation->rotate(kCaller));
  rig.key_rotation->wait_until_idle();
  CHECK(must(rig.catalog->keys_of_kind(KeyKind::epoch)).size() == 1);
  for (const LegRow& leg : call.legs) CHECK(rig.keys.open(leg.key));
  CHECK(rig.keys.open(call.call_key));
  release(rig, hold);
  auto held = rig.held_erasures();
  must(held.begin_free());
  rig.person_erasures->wait_until_idle();
  CHECK(shown(rig, erasure)["state"] == "done");
  CHECK_FALSE(rig.keys.open(call.legs[0].key));
}

}  // namespace assent
