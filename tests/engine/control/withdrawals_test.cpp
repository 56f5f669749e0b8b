// Withdrawals of a person and in calls that are over: what is on record, who may still hear, and what is erased.
#include "engine/control/withdrawals.h"

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "control_rig.h"
#include "engine/catalog/leg_erasure.h"

namespace assent {
namespace {

using nlohmann::json;

const std::string kCustomer = "/v1/subjects/customer-1/withdraw";

json withdrawn(ControlRig& rig, const std::string& body = {}, const std::string& path = kCustomer) {
  const auto response = rig.ask("POST", path, body, Role::supervisor);
  INFO(response.body);
  REQUIRE(response.status == 200);
  return json::parse(response.body);
}

std::string audio_path(const RecordedCall& call, const std::string& query) {
  return "/v1/recordings/" + to_text(call.recording) + "/audio?" + query;
}

unsigned heard(ControlRig& rig, const RecordedCall& call, const std::string& query) {
  HttpResponse response = rig.ask("GET", audio_path(call, query));
  if (response.stream) read_stream(*response.stream);
  return response.status;
}

// "participant's index purpose decision" of each consent record, oldest first.
std::vector<std::string> records(ControlRig& rig, const RecordedCall& call) {
  std::vector<std::string> all;
  for (const ConsentRow& row : must(rig.catalog->consents(call.call))) {
    const auto who = std::find(call.participants.begin(), call.participants.end(), row.participant);
    all.push_back(std::to_string(who - call.participants.begin()) + " " + row.purpose + " " + row.decision);
  }
  return all;
}

RecordSpec per_party() {
  RecordSpec spec;
  spec.policy = "per-party";
  return spec;
}

std::string consent_path(const RecordedCall& call) { return "/v1/calls/" + to_text(call.call) + "/consent"; }

}  // namespace

TEST_CASE("a person takes one purpose back everywhere, and the other still plays") {
  ControlRig rig;
  const auto first = rig.record_call();
  const auto second = rig.record_call();
  for (const auto* call : {&first, &second}) {
    rig.consent_all(*call, "quality");
    rig.consent_all(*call, "training");
  }
  const auto before = rig.ledger().size();
  const json reply = withdrawn(rig, R"({"purposes":["quality"],"signal":{"type":"web","value":"form 12"}})");
  CHECK(reply["subject"] == to_text(first.subjects[0]));
  REQUIRE(reply["calls"].size() == 2);
  // Both are of the same moment, so either comes first.
  const std::set<std::string> told{reply["calls"][0]["call"], reply["calls"][1]["call"]};
  CHECK(told == std::set<std::string>{to_text(first.call), to_text(second.call)});
  CHECK(reply["calls"][0]["state"] == "ended");
  CHECK(reply["calls"][0]["erasure"].is_null());
  CHECK(reply["calls"][0]["records"][0]["participant"] == "customer");
  CHECK(reply["calls"][0]["records"][0]["decision"] == "withdrawn");

  for (const auto* call : {&first, &second}) {
    CHECK(records(rig, *call).back() == "0 quality withdrawn");
    CHECK(records(rig, *call).size() == 5);
    CHECK(heard(rig, *call, "purpose=quality") == 403);
    CHECK(heard(rig, *call, "purpose=training") == 200);
  }
  const ConsentRow row = must(rig.catalog->consents(first.call)).back();
  CHECK(row.signal_type == "web");
  CHECK(row.signal_value.starts_with("sha256:"));
  const json shown = json::parse(rig.ask("GET", "/v1/recordings/" + to_text(first.recording)).body);
  CHECK(shown["consents"].back()["signal"] == json({{"type", "web"}, {"value", "form 12"}}));
  CHECK(row.origin == "token:the-supervisor");
  CHECK(json::parse(row.notice_json)["id"] == "n1");  // the call's
  // One entry each, and what the two attempts and the two readings left.
  const auto ledger = rig.ledger();
  CHECK(ledger.size() == before + 2 + 4);
  CHECK(ledger[before].kind == "consent");
  CHECK(json::parse(ledger[before].body_json)["consent"] == reply["calls"][0]["records"][0]["id"]);
  CHECK(must(rig.catalog->verify_ledger()).head.seq == ledger.size());
}

TEST_CASE("a withdrawal that is asked again does only what is left") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  rig.consent_all(call, "training");
  CHECK(withdrawn(rig, R"({"purposes":["quality"]})")["calls"].size() == 1);
  CHECK(withdrawn(rig, R"({"purposes":["quality"]})")["calls"].empty());
  const json rest = withdrawn(rig)["calls"];  // all purposes
  REQUIRE(rest.size() == 1);
  CHECK(rest[0]["records"].size() == 1);
  CHECK(rest[0]["records"][0]["purpose"] == "training");
  CHECK(records(rig, call).size() == 6);
  // By the subject's id, too, and of nobody else.
  CHECK(withdrawn(rig, {}, "/v1/subjects/" + to_text(call.subjects[0]) + "/withdraw")["calls"].empty());
  CHECK(records(rig, call).back() == "0 training withdrawn");
}

TEST_CASE("denied, expired and never answered are not withdrawn") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent(call, 0, "quality", "denied");
  rig.consent(call, 0, "training", "granted");
  rig.consent(call, 0, "training", "expired");
  CHECK(withdrawn(rig)["calls"].empty());
  CHECK(records(rig, call).size() == 3);
}

TEST_CASE("a stream that is running ends with the withdrawal of its purpose, and no other") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  rig.consent_all(call, "training");
  auto hear = [&](const std::string& purpose) {
    HttpResponse response = rig.ask("GET", audio_path(call, "purpose=" + purpose));
    REQUIRE(response.stream);
    return *std::move(response.stream);
  };
  BodyStream cut = hear("quality");
  BodyStream other = hear("training");
  Bytes chunk(8192);
  CHECK(must(cut.pull(chunk)) != 0);
  CHECK(must(other.pull(chunk)) != 0);
  withdrawn(rig, R"({"purposes":["quality"]})");
  std::string failed;
  CHECK(read_stream(cut, &failed).empty());
  CHECK(failed.find("'quality'") != std::string::npos);
  CHECK_FALSE(read_stream(other).empty());
}

TEST_CASE("a stream asks again once a second whether it may go on, whoever withdrew") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  Now now{MonoTime(1000s), ControlRig::kStart + 100s};
  RecordingService recordings({*rig.catalog, *rig.writer, rig.keys, rig.store, rig.renderer, [&] { return now; }});
  auto stream = must(recordings.audio({call.recording, "quality", {}}, AudioFormat::wav, {"tester"}));
  Bytes chunk(8192);
  now.mono += 2s;
  CHECK(must(stream.pull(chunk)) != 0);
  rig.consent(call, 1, "quality", "withdrawn");
  now.mono += 999ms;
  CHECK(must(stream.pull(chunk)) != 0);
  now.mono += 1ms;
  const auto ended = stream.pull(chunk);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == Errc::denied);
}

TEST_CASE("on_withdraw = erase takes the keys with the withdrawal, of the whole call under all-party") {
  ControlRig rig;
  rig.on_withdraw = OnWithdraw::erase;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  rig.consent_all(call, "training");
  const json reply = withdrawn(rig, R"({"purposes":["training"]})");
  REQUIRE(rig.erasures_begun.size() == 1);
  CHECK(reply["calls"][0]["erasure"] == to_text(rig.erasures_begun[0].first));
  CHECK(rig.erasures_begun[0].second == call.call);
  for (const LegRow& leg : call.legs) CHECK_FALSE(must(rig.catalog->key(leg.key)));
  CHECK_FALSE(must(rig.catalog->key(call.call_key)));
  CHECK(must(rig.catalog->recording(call.recording))->state == RecordingState::erased);
  CHECK(heard(rig, call, "purpose=quality") == 404);
  const auto row = must(rig.catalog->erasure(rig.erasures_begun[0].first));
  REQUIRE(row);
  CHECK(row->target_kind == kLegErasureKind);
  CHECK_FALSE(row->done);
  CHECK(json::parse(rig.ask("GET", "/v1/erasures/" + to_text(row->id)).body)["steps"][0]["step"] == "keys");

  // Asked again, the erasure that is not done is taken up again, and nothing is withdrawn twice.
  const json again = withdrawn(rig);
  REQUIRE(again["calls"].size() == 1);
  CHECK(again["calls"][0]["erasure"] == to_text(row->id));
  CHECK(again["calls"][0]["records"].size() == 1);  // quality, for which nothing is left to erase
  CHECK(rig.erasures_begun.back().first == row->id);
}

TEST_CASE("on_withdraw = erase takes only the participant's own leg where each decides for themselves") {
  ControlRig rig;
  rig.on_withdraw = OnWithdraw::erase;
  const auto call = rig.record_call(per_party());
  rig.consent_all(call, "quality");
  withdrawn(rig);
  CHECK_FALSE(must(rig.catalog->key(call.legs[0].key)));
  CHECK(must(rig.catalog->key(call.legs[1].key)));
  CHECK(must(rig.catalog->recording(call.recording))->state != RecordingState::erased);
  CHECK(heard(rig, call, "purpose=quality&legs=agent") == 200);
  CHECK(heard(rig, call, "purpose=quality&legs=customer") == 403);
}

TEST_CASE("on_withdraw = erase begins no erasure where nothing was recorded, or nothing is left") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent_all(call, "quality");
  CHECK(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).status == 200);
  rig.on_withdraw = OnWithdraw::erase;
  const json reply = withdrawn(rig);
  CHECK(reply["calls"][0]["records"].size() == 1);
  CHECK(reply["calls"][0]["erasure"].is_null());
  CHECK(rig.erasures_begun.empty());
}

TEST_CASE("what is on file for a person is withdrawn, and goes on for purposes that were not named") {
  ControlRig rig;
  const std::string path = "/v1/subjects/agent-7/standing-consents";
  REQUIRE(rig.ask("POST", path, R"({"purposes":["quality","training"],"evidence":"drawer 7"})").status == 201);
  const json given = json::parse(rig.ask("GET", path).body)["standing_consents"][0];
  const json reply = withdrawn(rig, R"({"purposes":["training"]})", "/v1/subjects/agent-7/withdraw");
  CHECK(reply["standing_consents"] == json::array({given["id"]}));
  const json list = json::parse(rig.ask("GET", path).body)["standing_consents"];
  REQUIRE(list.size() == 2);
  CHECK(list[0]["state"] == "withdrawn");
  CHECK(list[1]["state"] == "valid");
  CHECK(list[1]["purposes"] == json{"quality"});
  CHECK(list[1]["evidence"] == "drawer 7");
  CHECK(list[1]["from"] == given["from"]);
  const auto ledger = rig.ledger();
  CHECK(json::parse(ledger[ledger.size() - 2].body_json)["change"] == "withdrawn");
  CHECK(json::parse(ledger.back().body_json)["standing"] == list[1]["id"]);

  // What live calls have from the first one goes with the second, too.
  const std::string second = list[1]["id"].get<std::string>();
  REQUIRE(rig.ask("POST", path + "/" + second + "/withdraw", {}, Role::supervisor).status == 200);
  CHECK(rig.calls.asked ==
        std::vector<std::string>{"withdraw standing " + second + " by the-supervisor",
                                 "withdraw standing " + given["id"].get<std::string>() + " by the-supervisor"});
  CHECK(withdrawn(rig, {}, "/v1/subjects/agent-7/withdraw")["standing_consents"].empty());
}

TEST_CASE("in a live call of the person the shard decides, of what they granted or have not answered yet") {
  ControlRig rig;
  RecordSpec spec;
  spec.state = CallState::live;
  const auto call = rig.record_call(spec);
  rig.calls.view.id = call.call;
  ParticipantView customer{call.participants[0], "customer", "customer", std::nullopt, std::nullopt, {}};
  customer.consents = {{"quality", "granted"}, {"training", "denied"}, {"sales", "pending"}};
  ParticipantView agent{call.participants[1], "agent", "agent", std::nullopt, std::nullopt, {{"quality", "granted"}}};
  rig.calls.view.participants = {customer, agent};
  rig.calls.records = {{new_id<ConsentId>(ControlRig::kStart), call.call, "customer", "quality", "withdrawn", "api", "",
                        std::nullopt, ControlRig::kStart}};
  const json reply = withdrawn(rig, R"({"signal":{"type":"web","value":"form"}})");
  CHECK(reply["calls"][0]["state"] == "live");
  CHECK(reply["calls"][0]["records"].size() == 1);
  CHECK(rig.calls.asked == std::vector<std::string>{"show", "decide withdrawn by the-supervisor"});
  CHECK(rig.calls.last_consent.participant == to_text(call.participants[0]));
  CHECK(rig.calls.last_consent.purposes == std::vector<std::string>{"quality", "sales"});
  CHECK(rig.calls.last_consent.signal_type == "web");

  // Everybody's in that call, when nobody is named.
  rig.calls.asked.clear();
  CHECK(rig.ask("POST", consent_path(call), R"({"decision":"withdrawn"})", Role::ingest).status == 200);
  CHECK(rig.calls.asked.size() == 3);
  CHECK(rig.calls.last_consent.participant == to_text(call.participants[1]));
}

TEST_CASE("a live call that does not answer keeps nobody from taking back the rest, and is told") {
  ControlRig rig;
  RecordSpec spec;
  spec.state = CallState::live;
  const auto live = rig.record_call(spec);
  const auto past = rig.record_call();
  rig.consent_all(past, "quality");
  rig.calls.view.id = live.call;
  rig.calls.fails = error(Errc::unavailable, "the calls' thread has not answered in time");
  const auto response = rig.ask("POST", kCustomer);
  CHECK(response.status == 503);
  CHECK(response.body.find("withdrawn in 1 calls so far") != std::string::npos);
  CHECK(records(rig, past).back() == "0 quality withdrawn");
}

TEST_CASE("a call that has ended and is being stored is waited for, and never answered too soon") {
  ControlRig rig;
  RecordSpec spec;
  spec.state = CallState::live;  // in the catalog, and in progress nowhere
  const auto call = rig.record_call(spec);
  rig.consent_all(call, "quality");
  CHECK(rig.ask("POST", kCustomer).status == 503);
  CHECK(records(rig, call).size() == 2);
  must(rig.writer->book_and_wait({booking::EndCall{call.call, ControlRig::kStart, CallState::ended}}));
  CHECK(withdrawn(rig)["calls"].size() == 1);
  CHECK(records(rig, call).back() == "0 quality withdrawn");
}

TEST_CASE("in a call that is over one participant withdraws, by ref or id, or all do") {
  ControlRig rig;
  const auto call = rig.record_call(per_party());
  rig.consent_all(call, "quality");
  rig.consent_all(call, "training");
  const auto ask = [&](const std::string& body, Role role = Role::supervisor) {
    return rig.ask("POST", consent_path(call), body, role);
  };
  const auto one = ask(R"({"participant":"customer","decision":"withdrawn","purposes":["quality"]})");
  REQUIRE(one.status == 200);
  CHECK(json::parse(one.body)["participant"] == "customer");
  CHECK(json::parse(one.body)["purposes"] == json{"quality"});
  CHECK(records(rig, call).back() == "0 quality withdrawn");
  CHECK(ask(R"({"participant":")" + to_text(call.participants[1]) + R"(","decision":"withdrawn"})").status == 200);
  CHECK(records(rig, call).size() == 7);
  const auto rest = ask(R"({"decision":"withdrawn"})");
  CHECK(json::parse(rest.body)["records"].size() == 1);
  CHECK(records(rig, call).back() == "0 training withdrawn");
  CHECK(json::parse(ask(R"({"decision":"withdrawn"})").body)["records"].empty());

  CHECK(ask(R"({"participant":"nobody","decision":"withdrawn"})").status == 422);
  CHECK(ask(R"({"decision":"granted"})").status == 422);  // whose?
  CHECK(ask(R"({"participant":"customer","decision":"granted"})").status == 404);
  CHECK(ask(R"({"decision":"withdrawn"})", Role::agent).status == 403);
  CHECK(rig.ask("POST", "/v1/calls/" + to_text(new_id<CallId>(ControlRig::kStart)) + "/consent",
                R"({"decision":"withdrawn"})")
            .status == 404);
}

TEST_CASE("a withdrawal of what nobody knows is refused, and says so") {
  ControlRig rig;
  const auto call = rig.record_call();
  rig.consent(call, 0, "of-another-file", "granted");
  CHECK(rig.ask("POST", "/v1/subjects/nobody/withdraw").status == 404);
  const auto unknown = rig.ask("POST", kCustomer, R"({"purposes":["qualty"]})");
  CHECK(unknown.status == 422);
  CHECK(unknown.body.find("qualty") != std::string::npos);
  CHECK(rig.ask("POST", kCustomer, R"({"notice":{"id":"n9","version":"1"}})").status == 422);
  CHECK(rig.ask("POST", kCustomer, R"({"subject":"x"})").status == 422);
  CHECK(rig.ask("POST", kCustomer, {}, Role::agent).status == 403);
  CHECK(records(rig, call).size() == 1);
  CHECK(withdrawn(rig, R"({"purposes":["of-another-file"]})")["calls"].size() == 1);
}

TEST_CASE("a person with many calls is withdrawn in few transactions, each of bounded size") {
  ControlRig rig;
  RecordSpec spec;
  spec.legs_with_audio = {};
  const char* wanted = std::getenv("CALLS");
  const std::size_t calls = wanted == nullptr ? 300 : std::stoul(wanted);
  for (std::size_t i = 0; i < calls; ++i) {
    const auto call = rig.record_call(spec);
    rig.consent(call, 0, "quality", "granted");
    rig.consent(call, 0, "training", "granted");
  }
  const auto before = rig.writer->counts();
  const MonoTime began = read_mono();
  CHECK(withdrawn(rig)["calls"].size() == calls);
  const auto took = std::chrono::duration_cast<milliseconds>(read_mono() - began);
  const auto after = rig.writer->counts();
  std::printf("a person's withdrawal from %zu calls: %lld ms, %llu transactions\n", calls,
              static_cast<long long>(took.count()),
              static_cast<unsigned long long>(after.transactions - before.transactions));
  CHECK(after.bookings - before.bookings == 2 * calls);
  CHECK(after.transactions - before.transactions == (2 * calls + kWithdrawalBookings - 1) / kWithdrawalBookings);
}

}  // namespace assent
