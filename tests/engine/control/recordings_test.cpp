#include "engine/control/recordings.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "codecs/matroska/reader.h"
#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;

const Caller kCaller{"tester"};

std::string audio_path(const RecordedCall& call, const std::string& query) {
  return "/v1/recordings/" + to_text(call.recording) + "/audio?" + query;
}

std::string problem_of_reply(const HttpResponse& response) { return json::parse(response.body).value("type", ""); }

// The last record of the ledger, as JSON.
json last_entry(ControlRig& rig) {
  const auto rows = rig.ledger();
  REQUIRE_FALSE(rows.empty());
  json entry = json::parse(rows.back().body_json);
  entry["kind"] = rows.back().kind;
  return entry;
}

}  // namespace

// ---- hearing --------------------------------------------------------------------------------------------------------

TEST_CASE("audio that was consented to is played, and the access is on record before it begins") {
  ControlRig rig;
  const RecordSpec spec;
  const auto call = rig.record_call(spec);
  rig.consent_all(call, "quality");
  auto response = rig.ask("GET", audio_path(call, "purpose=quality"), {}, Role::supervisor);
  REQUIRE(response.status == 200);
  CHECK(response.content_type == "audio/wav");
  const json entry = last_entry(rig);
  CHECK(entry == json{{"kind", "access"},
                      {"by", "the-supervisor"},
                      {"legs", {to_text(call.legs[0].id), to_text(call.legs[1].id)}},
                      {"purpose", "quality"},
                      {"recording", to_text(call.recording)},
                      {"use", "wav"}});
  REQUIRE(response.stream);
  CHECK(read_stream(*response.stream) == leg_bytes(spec, 0) + leg_bytes(spec, 1));
  CHECK(rig.renderer.start == std::chrono::floor<milliseconds>(ControlRig::kStart));
  CHECK(rig.renderer.end == ControlRig::kStart + 200ms + 2ms);
  CHECK(rig.renderer.rate_hz == 8000);
}

TEST_CASE("a purpose nobody consented to is refused, and the refusal is on record") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  for (const char* purpose : {"training", "no-such-purpose", "quality%20"}) {
    const auto response = rig.ask("GET", audio_path(call, std::string("purpose=") + purpose), {}, Role::supervisor);
    CHECK(response.status == 403);
    CHECK(problem_of_reply(response) == "urn:assent:problem:purpose-not-consented");
    CHECK_FALSE(response.stream);
    const json entry = last_entry(rig);
    CHECK(entry["kind"] == "refusal");
    CHECK(entry["by"] == "the-supervisor");
    CHECK(entry["recording"] == to_text(call.recording));
  }
  CHECK(rig.ledger_kinds() == std::vector<std::string>{"consent", "consent", "refusal", "refusal", "refusal"});
  CHECK(must(rig.catalog->verify_ledger()).head.seq == 5);
}

TEST_CASE("a purpose must be named") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  const auto response = rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio");
  CHECK(response.status == 400);
  CHECK(json::parse(response.body)["errors"][0]["pointer"] == "purpose");
  CHECK(rig.ledger_kinds() == std::vector<std::string>{"consent", "consent"});
}

TEST_CASE("what was consented to when it was recorded and is withdrawn now is not played") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality")).status == 200);
  rig.consent(call, 0, "quality", "withdrawn");
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality")).status == 403);
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality&legs=agent")).status == 403);  // all-party
}

TEST_CASE("with per-party consent the leg of who agreed is played and the other is not") {
  ControlRig rig;
  RecordSpec spec;
  spec.policy = "per-party";
  const auto call = rig.record_call(spec);
  rig.consent(call, 1, "quality", "granted");
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality")).status == 403);
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality&legs=customer")).status == 403);
  auto response = rig.ask("GET", audio_path(call, "purpose=quality&legs=agent"));
  REQUIRE(response.status == 200);
  CHECK(read_stream(*response.stream) == leg_bytes(spec, 1));
}

TEST_CASE("without a choice of legs those that hold audio are played") {
  ControlRig rig;
  RecordSpec spec;
  spec.policy = "per-party";
  spec.legs_with_audio = {1};
  const auto call = rig.record_call(spec);
  rig.consent(call, 1, "quality", "granted");
  auto response = rig.ask("GET", audio_path(call, "purpose=quality&format=ogg"));
  REQUIRE(response.status == 200);
  CHECK(response.content_type == "audio/ogg");
  CHECK(read_stream(*response.stream) == leg_bytes(spec, 1));
}

TEST_CASE("legs are named by label or by id, and one that is not there is 404") {
  ControlRig rig;
  const RecordSpec spec;
  const auto call = rig.record_call(spec);
  rig.consent_all(call, "quality");
  auto by_id = rig.ask("GET", audio_path(call, "purpose=quality&legs=" + to_text(call.legs[0].id)));
  REQUIRE(by_id.status == 200);
  CHECK(read_stream(*by_id.stream) == leg_bytes(spec, 0));
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality&legs=agent,nobody")).status == 404);
}

TEST_CASE("a recording without audio is 404, once the right was there") {
  ControlRig rig;
  RecordSpec spec;
  spec.legs_with_audio = {};
  const auto call = rig.record_call(spec);
  rig.consent_all(call, "quality");
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality")).status == 404);
}

TEST_CASE("mka is one leg, its packets as they were received, on one timeline over all segments") {
  ControlRig rig;
  RecordSpec spec;
  spec.segments = 3;
  spec.packets = 20;
  const auto call = rig.record_call(spec);
  rig.consent_all(call, "quality");
  CHECK(rig.ask("GET", audio_path(call, "purpose=quality&format=mka")).status == 422);
  auto response = rig.ask("GET", audio_path(call, "purpose=quality&format=mka&legs=agent"));
  REQUIRE(response.status == 200);
  CHECK(response.content_type == "audio/x-matroska");
  const std::string file = read_stream(*response.stream);
  REQUIRE(file.size() % limits::kFrameBytes == 0);
  MatroskaReader reader;
  std::string bytes;
  milliseconds expected{0};
  for (std::size_t at = 0; at < file.size(); at += limits::kFrameBytes) {
    const auto packets = must(reader.feed(bytes_of(std::string_view(file).substr(at, limits::kFrameBytes))));
    for (const SegmentPacket& packet : packets) {
      CHECK(packet.at == expected);
      expected += 20ms;
      bytes += text_of(packet.payload);
    }
  }
  CHECK(reader.head()->leg == call.legs[1].id);
  CHECK(bytes == leg_bytes(spec, 1));
  CHECK(last_entry(rig)["use"] == "mka");
}

TEST_CASE("peaks need the right, too, and come for each leg") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  const std::string path = "/v1/recordings/" + to_text(call.recording) + "/peaks?purpose=";
  CHECK(rig.ask("GET", path + "training").status == 403);
  const json body = json::parse(rig.ask("GET", path + "quality&buckets=3").body);
  CHECK(body["buckets"] == 3);
  REQUIRE(body["legs"].size() == 2);
  CHECK(body["legs"][0]["label"] == "customer");
  CHECK(body["legs"][0]["peaks"] == json::parse("[[-10,10],[-10,10],[-10,10]]"));
  CHECK(last_entry(rig)["use"] == "peaks");
  for (const char* buckets : {"0", "20001", "-1", "x"}) {
    CHECK(rig.ask("GET", path + "quality&buckets=" + buckets).status == 400);
  }
}

TEST_CASE("a damaged segment is reported with its place before anything is heard; the other leg plays") {
  ControlRig rig;
  const RecordSpec spec;
  const auto call = rig.record_call(spec);
  rig.consent_all(call, "quality");
  const std::string object = call.segments[1].object;  // the customer's second
  std::fstream file(rig.files->folder() / object, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-static_cast<std::streamoff>(limits::kPageBytes), std::ios::end);
  file.put('\x5a');
  file.close();
  for (const char* query : {"purpose=quality", "purpose=quality&format=mka&legs=customer"}) {
    const auto response = rig.ask("GET", audio_path(call, query));
    CHECK(response.status == 500);
    CHECK_FALSE(response.stream);
    const json problem = json::parse(response.body);
    CHECK(problem["type"] == "urn:assent:problem:corrupt");
    const std::string detail = problem["detail"];
    CHECK(detail.find(to_text(call.segments[1].id)) != std::string::npos);
    CHECK(detail.find("frame 2") != std::string::npos);
  }
  auto other = rig.ask("GET", audio_path(call, "purpose=quality&legs=agent"));
  REQUIRE(other.status == 200);
  CHECK(read_stream(*other.stream) == leg_bytes(spec, 1));
}

TEST_CASE("a segment whose object is gone is reported before anything is heard") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  std::filesystem::remove(rig.files->folder() / call.segments[3].object);
  const auto response = rig.ask("GET", audio_path(call, "purpose=quality"));
  CHECK(response.status == 500);
  CHECK(json::parse(response.body)["detail"].get<std::string>().find(call.segments[3].object) != std::string::npos);
}

// ---- finding and showing --------------------------------------------------------------------------------------------

TEST_CASE("recordings are listed newest first, page by page") {
  ControlRig rig;
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.push_back(to_text(rig.record_call().recording));
  std::sort(made.rbegin(), made.rend());
  std::vector<std::string> listed;
  std::string target = "/v1/recordings?limit=2";
  for (int page = 0; page < 4; ++page) {
    const json body = json::parse(rig.ask("GET", target).body);
    for (const json& recording : body["recordings"]) listed.push_back(recording["id"]);
    if (body["cursor"].is_null()) break;
    target = "/v1/recordings?limit=2&cursor=" + body["cursor"].get<std::string>();
  }
  CHECK(listed == made);
}

TEST_CASE("recordings are found by person, tenant, time and state") {
  ControlRig rig;
  RecordSpec spec;
  spec.subjects = {"alice", "agent-1"};
  const auto of_alice = rig.record_call(spec);
  spec.subjects = {"bob", "agent-1"};
  spec.tenant = "acme";
  const auto of_bob = rig.record_call(spec);
  const auto found = [&](const std::string& query) {
    std::vector<std::string> ids;
    const auto response = rig.ask("GET", "/v1/recordings?" + query);
    REQUIRE(response.status == 200);
    const json body = json::parse(response.body);
    for (const json& recording : body["recordings"]) ids.push_back(recording["id"]);
    return ids;
  };
  const std::vector<std::string> alice = {to_text(of_alice.recording)};
  const std::vector<std::string> bob = {to_text(of_bob.recording)};
  const std::vector<std::string> none;
  CHECK(found("subject=alice") == alice);
  CHECK(found("subject=" + to_text(of_alice.subjects[0])) == alice);
  CHECK(found("subject=bob") == none);  // of another tenant
  CHECK(found("subject=bob&tenant=acme") == bob);
  CHECK(found("subject=nobody") == none);
  CHECK(found("tenant=acme") == bob);
  CHECK(found("tenant=nobody") == none);
  CHECK(found("state=complete").size() == 2);
  CHECK(found("state=open") == none);
  CHECK(found("from=2000-01-01T00:00:00Z").size() == 2);
  CHECK(found("to=2000-01-01T00:00:00Z") == none);
}

TEST_CASE("a recording is shown with the people, legs, consents, segments and notes it has") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  const auto note =
      rig.ask("POST", "/v1/calls/" + to_text(call.call) + "/notes", R"({"text":"asked twice"})", Role::agent);
  REQUIRE(note.status == 201);
  const json body = json::parse(rig.ask("GET", "/v1/recordings/" + to_text(call.recording), {}, Role::supervisor).body);
  CHECK(body["ref"] == "the-ref");
  CHECK(body["state"] == "complete");
  CHECK(body["tenant"] == "default");
  CHECK(body["policy"] == "all-party");
  CHECK(body["notice"]["id"] == "n1");
  CHECK(body["participants"][0]["ref"] == "customer");
  CHECK(body["participants"][0]["name"] == "Name of customer");
  CHECK(body["participants"][0]["subject"] == "customer-1");
  CHECK(body["legs"][1]["label"] == "agent");
  CHECK(body["consents"].size() == 2);
  CHECK(body["segments"].size() == 4);
  CHECK(body["notes"][0]["text"].is_null());  // what it says takes a purpose
  CHECK(body["metrics"].is_null());
  CHECK(body["notes"][0]["author"] == "the-agent");
  CHECK(body["notes"][0]["id"] == json::parse(note.body)["id"]);
}

namespace {

// What a leg of the recorded call was like, as the end of the call books it.
void book_metrics(ControlRig& rig, const RecordedCall& call, std::size_t leg, const LegMetrics& metrics) {
  const auto key = must(rig.keys.open(call.legs[leg].key));
  std::vector<Booking> bookings;
  bookings.emplace_back(
      booking::SetLegMetrics{call.legs[leg].id, seal_leg_metrics(*key.key, call.legs[leg].id, to_json(metrics))});
  must(rig.writer->book_and_wait(std::move(bookings)));
}

LegMetrics some_metrics() {
  LegMetrics metrics;
  metrics.counts.received = 500;
  metrics.counts.lost = 3;
  metrics.talk = 4200ms;
  metrics.quiet = 5800ms;
  metrics.hold = 2500ms;
  metrics.jitter_mean_us = 700;
  metrics.jitter_most_us = 4000;
  return metrics;
}

}  // namespace

TEST_CASE("what notes say and what a call was like are read for a purpose, and the reading is on record") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  book_metrics(rig, call, 0, some_metrics());
  must(rig.recordings.add_note(call.call, "asked twice", kCaller));
  const std::string path = "/v1/recordings/" + to_text(call.recording);
  const json plain = json::parse(rig.ask("GET", path).body);
  CHECK(plain["metrics"].is_null());
  CHECK(plain["legs"][0]["counts"]["PACKETS_LOST"] == 3);

  const json body = json::parse(rig.ask("GET", path + "?purpose=quality").body);
  CHECK(body["notes"][0]["text"] == "asked twice");
  const json& leg = body["metrics"]["legs"][0];
  CHECK(leg["id"] == to_text(call.legs[0].id));
  CHECK(leg["talk_ms"] == 4200);
  CHECK(leg["quiet_ms"] == 5800);
  CHECK(leg["hold_ms"] == 2500);
  CHECK(leg["jitter_mean_us"] == 700);
  CHECK(leg["jitter_max_us"] == 4000);
  CHECK(leg["lost"] == 3);
  CHECK(body["metrics"]["legs"].size() == 1);
  CHECK(body["metrics"]["participants"].size() == 2);
  CHECK(body["metrics"]["participants"][0]["opt_in_ms"].get<int>() >= 0);
  const json entry = last_entry(rig);
  CHECK(entry["kind"] == "access");
  CHECK(entry["use"] == "details");
  CHECK(entry["purpose"] == "quality");
  CHECK(entry["legs"].size() == 2);
}

TEST_CASE("notes and metrics are refused for a purpose that nobody agreed to, and that is on record") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  rig.consent_all(call, std::string(kEvidencePurpose));
  must(rig.recordings.add_note(call.call, "MARKER-of-a-note", kCaller));
  for (const std::string& purpose : {std::string("training"), std::string(kEvidencePurpose)}) {
    const auto refused = rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "?purpose=" + purpose);
    CHECK(refused.status == 403);
    CHECK(refused.body.find("MARKER") == std::string::npos);
    CHECK(last_entry(rig)["kind"] == "refusal");
    CHECK(last_entry(rig)["purpose"] == purpose);
  }
}

TEST_CASE("one note, or a call's metrics, can be erased and nothing else of it") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  book_metrics(rig, call, 1, some_metrics());
  const NoteId gone = must(rig.recordings.add_note(call.call, "about her", kCaller));
  must(rig.recordings.add_note(call.call, "about the weather", kCaller));
  const std::string note = "/v1/calls/" + to_text(call.call) + "/notes/" + to_text(gone);
  CHECK(rig.ask("DELETE", note, {}, Role::supervisor).status == 403);
  CHECK(rig.ask("DELETE", note).status == 200);
  CHECK(last_entry(rig)["erased"] == to_text(gone));
  CHECK(rig.ask("DELETE", note).status == 404);

  const std::string metrics = "/v1/recordings/" + to_text(call.recording) + "/metrics";
  CHECK(rig.ask("DELETE", metrics).status == 200);
  CHECK(last_entry(rig)["kind"] == "metrics");
  CHECK(rig.ask("DELETE", metrics).status == 404);
  const json body = json::parse(rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "?purpose=quality").body);
  CHECK(body["metrics"]["legs"].empty());
  REQUIRE(body["notes"].size() == 1);
  CHECK(body["notes"][0]["text"] == "about the weather");
  CHECK(rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio?format=wav&purpose=quality").status ==
        200);
}

TEST_CASE("a legal hold keeps notes and metrics, too") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  book_metrics(rig, call, 0, some_metrics());
  const NoteId note = must(rig.recordings.add_note(call.call, "about her", kCaller));
  const auto hold =
      rig.ask("POST", "/v1/holds", R"({"on":"call","id":")" + to_text(call.call) + R"(","reason":"case 7"})");
  REQUIRE(hold.status == 201);
  const std::string note_path = "/v1/calls/" + to_text(call.call) + "/notes/" + to_text(note);
  const std::string metrics_path = "/v1/recordings/" + to_text(call.recording) + "/metrics";
  CHECK(rig.ask("DELETE", note_path).status == 409);
  CHECK(rig.ask("DELETE", metrics_path).status == 409);
  const std::string id = json::parse(hold.body)["id"];
  REQUIRE(rig.ask("DELETE", "/v1/holds/" + id + "?reason=closed").status == 200);
  CHECK(rig.ask("DELETE", note_path).status == 200);
  CHECK(rig.ask("DELETE", metrics_path).status == 200);
}

TEST_CASE("a note is sealed in the catalog and on the ledger only by its id") {
  ControlRig rig;
  const auto call = rig.record_call();
  const auto note = must(rig.recordings.add_note(call.call, "MARKER-of-a-note", kCaller));
  CHECK(last_entry(rig) == json{{"kind", "note"}, {"by", "tester"}, {"note", to_text(note)}});
  const auto rows = must(rig.catalog->notes(call.call));
  REQUIRE(rows.size() == 1);
  CHECK(text_of(rows[0].sealed_text).find("MARKER") == std::string::npos);
}

// ---- the ledger -----------------------------------------------------------------------------------------------------

TEST_CASE("the ledger is listed page by page, by call, and verified") {
  ControlRig rig;
  const auto first = rig.record_call();
  const auto second = rig.record_call();
  rig.consent_all(first, "quality");
  rig.consent_all(second, "quality");
  const json all = json::parse(rig.ask("GET", "/v1/ledger").body);
  CHECK(all["entries"].size() == 4);
  CHECK(all["after"].is_null());
  CHECK(all["entries"][0]["seq"] == 1);
  CHECK(all["entries"][0]["kind"] == "consent");
  CHECK(all["entries"][0]["hash"].get<std::string>().size() == 64);
  const json page = json::parse(rig.ask("GET", "/v1/ledger?limit=3").body);
  CHECK(page["after"] == 3);
  CHECK(json::parse(rig.ask("GET", "/v1/ledger?after=3").body)["entries"].size() == 1);
  const json of_second = json::parse(rig.ask("GET", "/v1/ledger?call=" + to_text(second.call)).body);
  CHECK(of_second["entries"].size() == 2);
  CHECK(of_second["entries"][0]["call"] == to_text(second.call));
}

TEST_CASE("verifying the ledger says what it is, and takes a head that was noted") {
  ControlRig rig;
  rig.consent_all(rig.record_call(), "quality");
  const json verdict = json::parse(rig.ask("GET", "/v1/ledger/verify").body);
  const std::string last = json::parse(rig.ask("GET", "/v1/ledger").body)["entries"].back()["hash"];
  CHECK(verdict == json{{"intact", true},
                        {"records", 2},
                        {"head", "2:" + last},
                        {"end", "unproven"},
                        {"checkpoints", 0},
                        {"last_checkpoint", nullptr},
                        {"public_key", nullptr}});
  CHECK(json::parse(rig.ask("GET", "/v1/ledger/verify?expect_head=2:" + last).body)["intact"] == true);
  const json cut = json::parse(rig.ask("GET", "/v1/ledger/verify?expect_head=3:" + last).body);
  CHECK(cut["intact"] == false);
  CHECK(cut["fault"].get<std::string>().find("at record 3: it is missing") != std::string::npos);
  CHECK(rig.ask("GET", "/v1/ledger/verify?expect_head=3").status == 400);
}

}  // namespace assent
