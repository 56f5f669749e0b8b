// Everybody who reads: each operation of the API is named here, with what it gives. A new one does not compile before
// it is named, and then has to do what its name here says: refuse a purpose that was not granted, or give no audio at
// all.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;

enum class Gives {
  audio,      // what was said, or what opens it: for a purpose that was granted, and for no other
  no_audio,   // whatever it is asked
  own_audio,  // what a person said themselves, given to them: that rests on no purpose (disclosures_test.cpp)
};

// No default: the compiler asks for a new operation.
Gives what_is_given(Operation operation) {
  switch (operation) {
    case Operation::play_recording:
    case Operation::draw_recording:
    case Operation::record_key_export: return Gives::audio;
    case Operation::download_export: return Gives::own_audio;
    case Operation::create_call:
    case Operation::list_calls:
    case Operation::show_call:
    case Operation::end_call:
    case Operation::record_consent:
    case Operation::receive_signal:
    case Operation::pause_call:
    case Operation::resume_call:
    case Operation::change_legs:
    case Operation::add_note:
    case Operation::erase_note:
    case Operation::list_recordings:
    case Operation::show_recording:
    case Operation::delete_recording:
    case Operation::erase_metrics:
    case Operation::erase_subject:
    case Operation::export_subject:
    case Operation::withdraw_subject:
    case Operation::add_standing_consent:
    case Operation::list_standing_consents:
    case Operation::withdraw_standing_consent:
    case Operation::delete_tenant:
    case Operation::show_erasure:
    case Operation::place_hold:
    case Operation::list_holds:
    case Operation::release_hold:
    case Operation::show_export:
    case Operation::delete_export:
    case Operation::show_keys:
    case Operation::rotate_keys:
    case Operation::list_ledger:
    case Operation::verify_ledger:
    case Operation::call_receipts:
    case Operation::subject_receipts:
    case Operation::receipt_keys:
    case Operation::add_notice:
    case Operation::list_notices:
    case Operation::show_notice:
    case Operation::add_purpose:
    case Operation::list_purposes:
    case Operation::list_processors:
    case Operation::retry_processor:
    case Operation::waive_processor:
    case Operation::confirm_erasure:
    case Operation::add_token:
    case Operation::list_tokens:
    case Operation::delete_token:
    case Operation::metrics:
    case Operation::health:
    case Operation::readiness:
    case Operation::openapi: return Gives::no_audio;
  }
  return Gives::audio;
}

// A call of two with sealed audio, to which both agreed for quality, and nobody for training.
struct Recorded {
  ControlRig rig;
  RecordedCall call = rig.record_call();

  Recorded() { rig.consent_all(call, "quality"); }

  std::string path_of(const Route& route) const {
    const std::string_view pattern = route.pattern;
    std::string id = to_text(call.recording);
    if (pattern.starts_with("/v1/calls/")) id = to_text(call.call);
    if (pattern.starts_with("/v1/subjects/")) id = to_text(call.subjects[0]);
    std::string path(pattern);
    while (path.find('{') != std::string::npos) {
      path.replace(path.find('{'), path.find('}') - path.find('{') + 1, id);
    }
    return path;
  }
  // Status and everything that came back, headers and stream included.
  std::pair<unsigned, std::string> ask(const Route& route, const std::string& query) {
    std::string body;
    if (route.operation == Operation::add_note) body = R"({"text":"a note"})";
    HttpResponse response = rig.ask(std::string(route.method), path_of(route) + query, body);
    std::string all = response.body;
    for (const auto& [name, value] : response.headers) all += "\n" + name + ": " + value;
    if (response.stream) all += read_stream(*response.stream);
    return {response.status, all};
  }
};

// Audio in any shape it could take in a reply: as it is, in hexadecimal, in base64; and the keys that open it.
std::vector<std::string> traces(Recorded& recorded) {
  constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::string> found;
  for (std::size_t leg = 0; leg < 2; ++leg) {
    const std::uint8_t byte = packet_byte(leg, 1, 1);
    const std::string bytes(12, static_cast<char>(byte));
    found.push_back(bytes);
    found.push_back(to_hex(Bytes(12, byte)));
    const unsigned three = byte * 0x010101U;
    std::string group;
    for (const int shift : {18, 12, 6, 0}) group += kBase64[three >> shift & 63U];
    found.push_back(group + group + group + group);
    const auto key = must(recorded.rig.keys.open(recorded.call.legs[leg].key));
    found.push_back(to_hex(key.key->reveal()));
  }
  return found;
}

bool holds_any(const std::string& text, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const std::string& one) { return text.find(one) != std::string::npos; });
}

}  // namespace

// A call whose first segment is the spoken answer only, whose second is that and recording, and whose third is
// recording.
struct Answered {
  ControlRig rig;
  RecordSpec spec;
  RecordedCall call;

  Answered() {
    spec.segments = 3;
    spec.uses = {AudioUse::evidence, AudioUse::both, AudioUse::recording};
    call = rig.record_call(spec);
    rig.consent_all(call, "quality");
    rig.consent_all(call, std::string(kEvidencePurpose));
  }
  HttpResponse hear(const std::string& purpose) {
    return rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio?format=wav&purpose=" + purpose);
  }
  // What both legs said in these segments.
  std::string said(int first, int last) const {
    std::string bytes;
    for (std::size_t leg = 0; leg < 2; ++leg) {
      const std::string all = leg_bytes(spec, leg);
      const std::size_t segment = all.size() / 3;
      bytes += all.substr(segment * static_cast<std::size_t>(first - 1),
                          segment * static_cast<std::size_t>(last - first + 1));
    }
    return bytes;
  }
};

TEST_CASE("the spoken answer is read for its own purpose only, and that reads nothing else") {
  Answered answered;
  auto recording = answered.hear("quality");
  REQUIRE(recording.status == 200);
  CHECK(read_stream(*recording.stream) == answered.said(2, 3));
  auto evidence = answered.hear(std::string(kEvidencePurpose));
  REQUIRE(evidence.status == 200);
  CHECK(read_stream(*evidence.stream) == answered.said(1, 2));
  CHECK(answered.hear("training").status == 403);

  answered.rig.consent(answered.call, 0, std::string(kEvidencePurpose), "withdrawn");
  CHECK(answered.hear(std::string(kEvidencePurpose)).status == 403);
  CHECK(answered.hear("quality").status == 200);
}

TEST_CASE("keys are given away only to who may hear all that they open") {
  Answered answered;
  const auto route = std::find_if(all_routes().begin(), all_routes().end(),
                                  [](const Route& one) { return one.operation == Operation::record_key_export; });
  REQUIRE(route != all_routes().end());
  const auto ask = [&](std::string_view purpose) {
    std::string target(route->pattern);
    target.replace(target.find('{'), target.find('}') - target.find('{') + 1, to_text(answered.call.recording));
    return answered.rig.ask(std::string(route->method), target + "?purpose=" + std::string(purpose)).status;
  };
  CHECK(ask("quality") < 300);
  CHECK(ask(kEvidencePurpose) == 403);
  answered.rig.consent(answered.call, 0, std::string(kEvidencePurpose), "withdrawn");
  CHECK(ask("quality") == 403);
}

TEST_CASE("a row that says of a segment what it was not sealed as is found out") {
  Answered answered;
  SegmentRow row = answered.call.segments.front();
  REQUIRE(row.use == AudioUse::evidence);
  row.use = AudioUse::recording;
  must(answered.rig.writer->book_and_wait({booking::AddSegment{row}}));
  const auto response = answered.hear("quality");
  CHECK(response.status >= 500);
  CHECK_FALSE(response.stream);
}

TEST_CASE("a purpose that was not granted is refused by every operation that gives audio, and that is on the ledger") {
  std::size_t readers = 0;
  for (const Route& route : all_routes()) {
    if (what_is_given(route.operation) != Gives::audio) continue;
    INFO(route.name);
    ++readers;
    Recorded recorded;
    CHECK(recorded.ask(route, "?purpose=quality").first < 300);  // so that refusing means something

    const auto before = recorded.rig.ledger().size();
    const auto [status, text] = recorded.ask(route, "?purpose=training");
    CHECK(status == 403);
    CHECK(text.find("purpose-not-consented") != std::string::npos);
    CHECK_FALSE(holds_any(text, traces(recorded)));
    const auto ledger = recorded.rig.ledger();
    REQUIRE(ledger.size() == before + 1);
    CHECK(ledger.back().kind == "refusal");

    for (const char* query : {"", "?purpose=", "?purpose=%20", "?purpose=QUALITY", "?purpose=quality,training"}) {
      INFO(query);
      const auto [other_status, other_text] = recorded.ask(route, query);
      CHECK(other_status >= 400);
      CHECK_FALSE(holds_any(other_text, traces(recorded)));
    }
  }
  CHECK(readers == 3);
}

TEST_CASE("a purpose that was granted once is refused after withdrawal and after its time") {
  for (const Route& route : all_routes()) {
    if (what_is_given(route.operation) != Gives::audio) continue;
    INFO(route.name);
    Recorded recorded;
    recorded.rig.consent(recorded.call, 1, "quality", "withdrawn");
    CHECK(recorded.ask(route, "?purpose=quality").first == 403);
    recorded.rig.consent(recorded.call, 1, "quality", "granted");
    CHECK(recorded.ask(route, "?purpose=quality").first < 300);
    recorded.rig.consent(recorded.call, 1, "quality", "expired");
    CHECK(recorded.ask(route, "?purpose=quality").first == 403);
    recorded.rig.consent(recorded.call, 1, "quality", "granted", ControlRig::kStart + 1s);
    CHECK(recorded.ask(route, "?purpose=quality").first == 403);
    const auto rows = must(recorded.rig.catalog->consents(recorded.call.call));
    CHECK(rows.back().decision == "expired");  // found out, and on record
    CHECK(rows.back().signal_type == "validity");
    CHECK(recorded.ask(route, "?purpose=quality").first == 403);
    CHECK(must(recorded.rig.catalog->consents(recorded.call.call)).size() == rows.size());
  }
}

TEST_CASE("years after a call a person's withdrawal closes it to every reader, for its purposes and no other") {
  for (const Route& route : all_routes()) {
    if (what_is_given(route.operation) != Gives::audio) continue;
    INFO(route.name);
    Recorded recorded;
    recorded.rig.consent_all(recorded.call, "training");
    CHECK(recorded.ask(route, "?purpose=quality").first < 300);
    const std::string path = "/v1/subjects/" + to_text(recorded.call.subjects[0]) + "/withdraw";
    REQUIRE(recorded.rig.ask("POST", path, R"({"purposes":["quality"]})").status == 200);
    const auto [status, text] = recorded.ask(route, "?purpose=quality");
    CHECK(status == 403);
    CHECK_FALSE(holds_any(text, traces(recorded)));
    CHECK(recorded.ask(route, "?purpose=training").first < 300);
    REQUIRE(recorded.rig.ask("POST", path).status == 200);
    CHECK(recorded.ask(route, "?purpose=training").first == 403);
  }
}

TEST_CASE("no other operation gives audio, or a key, whatever purpose is named") {
  std::size_t others = 0;
  for (const Route& route : all_routes()) {
    if (what_is_given(route.operation) == Gives::audio) continue;
    INFO(route.name);
    ++others;
    Recorded recorded;
    const auto wanted = traces(recorded);
    for (const char* query : {"", "?purpose=training", "?purpose=quality", "?format=wav"}) {
      CHECK_FALSE(holds_any(recorded.ask(route, query).second, wanted));
    }
  }
  CHECK(others + 3 == kOperations);
}

TEST_CASE("the traces that are looked for are found where audio is given") {
  Recorded recorded;
  const auto [status, text] = recorded.ask(*match_route("GET", "/v1/recordings/x/audio").route, "?purpose=quality");
  CHECK(status == 200);
  CHECK(holds_any(text, traces(recorded)));
}

TEST_CASE("a clock that is set back lets nobody hear what was agreed to for a time that is over") {
  ControlRig rig;
  const auto call = rig.record_call();
  Now now{MonoTime(1000s), ControlRig::kStart + 100s};
  RecordingService recordings({*rig.catalog, *rig.writer, rig.keys, rig.store, rig.renderer, [&] { return now; }});
  for (std::size_t who = 0; who < 2; ++who) rig.consent(call, who, "quality", "granted", ControlRig::kStart + 200s);
  const auto hear = [&] { return recordings.audio({call.recording, "quality", {}}, AudioFormat::wav, {"tester"}); };
  CHECK(hear());
  now.wall -= 24h;
  now.mono += 50s;
  CHECK(hear());  // 150 s, by the clock that goes on
  now.mono += 60s;
  CHECK(hear().error().code == Errc::denied);

  // And what is on record is a floor for one that has only begun.
  for (std::size_t who = 0; who < 2; ++who) rig.consent(call, who, "training", "granted", ControlRig::kStart + 200s);
  must(rig.writer->book_and_wait(
      {booking::AddLedger{{LedgerKind::engine_start, ControlRig::kStart + 201s, std::nullopt, "{}"}}}));
  RecordingService fresh({*rig.catalog, *rig.writer, rig.keys, rig.store, rig.renderer, [&] { return now; }});
  CHECK(fresh.audio({call.recording, "training", {}}, AudioFormat::wav, {"tester"}).error().code == Errc::denied);
}

TEST_CASE("the keys that are named are those of legs that may be heard for the purpose, and no other") {
  ControlRig rig;
  RecordSpec spec;
  spec.policy = "per-party";
  const auto call = rig.record_call(spec);
  rig.consent(call, 0, "quality", "granted");
  const auto response = rig.ask("POST", "/v1/recordings/" + to_text(call.recording) + "/key-exports?purpose=quality");
  REQUIRE(response.status == 201);
  CHECK(json::parse(response.body)["keys"] == json{to_text(call.legs[0].key)});
  CHECK(json::parse(rig.ledger().back().body_json)["purpose"] == "quality");
}

}  // namespace assent
