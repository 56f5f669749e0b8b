// Everything of a person destroyed, or of a tenant: at once in that nobody hears it, and in the end for good.
#include "engine/control/person_erasures.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;

const Caller kCaller{"tester"};
const PersonName kCustomer{"customer-1", std::nullopt};

bool has_key(ControlRig& rig, KeyId key) { return must(rig.catalog->key(key)).has_value(); }

unsigned heard(ControlRig& rig, const RecordedCall& call, const std::string& leg = "") {
  const std::string only = leg.empty() ? "" : "&legs=" + leg;
  const std::string path = "/v1/recordings/" + to_text(call.recording) + "/audio?format=wav&purpose=quality" + only;
  return rig.ask("GET", path).status;
}

std::size_t objects_of(ControlRig& rig, const RecordedCall& call) {
  std::size_t count = 0;
  for (const std::string& name : must(rig.files->list())) count += name.find(to_text(call.call)) != std::string::npos;
  return count;
}

RecordSpec of_others() {
  RecordSpec spec;
  spec.subjects = {"customer-2", "agent-1"};
  return spec;
}

std::string state_of(ControlRig& rig, ErasureId id) {
  return json::parse(rig.ask("GET", "/v1/erasures/" + to_text(id)).body)["state"];
}

}  // namespace

TEST_CASE("an erased person's all-party calls are gone whole, and what they were not part of is as it was") {
  ControlRig rig;
  const auto first = rig.record_agreed();
  const auto second = rig.record_agreed();
  const auto other = rig.record_agreed(of_others());
  const SubjectRow person = *must(rig.catalog->subject(first.subjects[0]));

  const auto response = rig.ask("POST", "/v1/subjects/customer-1/erase");
  REQUIRE(response.status == 202);
  const json begun = json::parse(response.body);
  CHECK(begun["subject"] == to_text(person.id));
  CHECK_FALSE(has_key(rig, person.key));
  rig.person_erasures->wait_until_idle();

  const json done = json::parse(rig.ask("GET", "/v1/erasures/" + begun["id"].get<std::string>()).body);
  CHECK(done["state"] == "done");
  CHECK(done["steps"].back()["step"] == "done");
  for (const RecordedCall* call : {&first, &second}) {
    for (const LegRow& leg : call->legs) CHECK_FALSE(has_key(rig, leg.key));
    CHECK_FALSE(has_key(rig, call->call_key));
    CHECK(objects_of(rig, *call) == 0);
    CHECK(must(rig.catalog->segments(call->recording)).empty());
    CHECK(must(rig.catalog->recording(call->recording))->state == RecordingState::erased);
    for (const ParticipantRow& participant : must(rig.catalog->participants(call->call))) {
      CHECK(participant.sealed.empty());
    }
    CHECK(heard(rig, *call) == 404);
  }
  CHECK_FALSE(must(rig.standing.find(kCustomer)));
  CHECK(must(rig.catalog->subject(person.id))->sealed_ref.empty());
  CHECK(must(rig.catalog->subject(person.id))->blind_index != person.blind_index);

  CHECK(heard(rig, other) == 200);
  CHECK(objects_of(rig, other) == 4);
  CHECK(must(rig.catalog->verify_ledger()).head.seq == rig.ledger().size());
  const auto kinds = rig.ledger_kinds();
  CHECK(std::count(kinds.begin(), kinds.end(), "erasure_done") == 1 + 2);  // the calls' own, too
}

TEST_CASE("of a per-party call an erased person takes their own leg, and the others keep theirs") {
  ControlRig rig;
  RecordSpec spec;
  spec.policy = "per-party";
  const auto call = rig.record_agreed(spec);
  must(rig.person_erasures->erase_subject(kCustomer, kCaller));
  CHECK(heard(rig, call, "customer") == 403);
  rig.person_erasures->wait_until_idle();
  CHECK_FALSE(has_key(rig, call.legs[0].key));
  CHECK(has_key(rig, call.legs[1].key));
  CHECK(objects_of(rig, call) == 2);
  const auto participants = must(rig.catalog->participants(call.call));
  CHECK(participants[0].sealed.empty());
  CHECK_FALSE(participants[1].sealed.empty());
  CHECK(heard(rig, call, "agent") == 200);
}

TEST_CASE("nothing of an erased person is heard from the reply on, and it is not done before all is gone") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  auto playing = rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio?format=wav&purpose=quality");
  REQUIRE(playing.status == 200);
  rig.legs_stay = error(Errc::io, "the disk does not answer");
  const auto begun = must(rig.person_erasures->erase_subject(kCustomer, kCaller));
  // Before anything else is: the agent's leg, too, whose key is still there or not.
  CHECK(heard(rig, call, "agent") >= 403);
  CHECK(heard(rig, call, "customer") >= 403);
  std::string failed;
  (void)read_stream(*playing.stream, &failed);
  CHECK_FALSE(failed.empty());
  rig.person_erasures->wait_until_idle();
  CHECK(state_of(rig, begun.id) == "incomplete");
  CHECK(objects_of(rig, call) == 4);

  SECTION("asked again it is the same one") {
    const auto again = rig.ask("POST", "/v1/subjects/" + to_text(call.subjects[0]) + "/erase");
    CHECK(again.status == 202);
    CHECK(json::parse(again.body)["id"] == to_text(begun.id));
  }
  SECTION("it is tried again") {
    rig.legs_stay.reset();
    for (int i = 0; i < 200 && state_of(rig, begun.id) != "done"; ++i) std::this_thread::sleep_for(20ms);
  }
  SECTION("and by the next start") {
    rig.start_person_erasures(1h);
    rig.legs_stay.reset();
    must(rig.person_erasures->resume());
    rig.person_erasures->wait_until_idle();
  }
  if (rig.legs_stay) return;
  CHECK(state_of(rig, begun.id) == "done");
  CHECK(objects_of(rig, call) == 0);
}

TEST_CASE("a person in a call that is in progress is not erased, and nothing is changed") {
  ControlRig rig;
  RecordSpec spec;
  spec.state = CallState::live;
  const auto call = rig.record_call(spec);
  const auto response = rig.ask("POST", "/v1/subjects/customer-1/erase");
  CHECK(response.status == 409);
  CHECK(response.body.find(to_text(call.call)) != std::string::npos);
  CHECK(rig.ask("DELETE", "/v1/tenants/default").status == 409);
  CHECK(has_key(rig, must(rig.catalog->subject(call.subjects[0]))->key));
  CHECK(rig.ledger().empty());
}

TEST_CASE("who is not known, or was erased, is not found") {
  ControlRig rig;
  rig.record_agreed();
  CHECK(rig.ask("POST", "/v1/subjects/nobody/erase").status == 404);
  CHECK(rig.ask("POST", "/v1/subjects/customer-1/erase", R"({"tenant":"another"})").status == 404);
  CHECK(rig.ask("POST", "/v1/subjects/customer-1/erase", R"({"subject":1})").status == 422);
  CHECK(rig.ask("DELETE", "/v1/tenants/another").status == 404);
  const auto erasure = must(rig.person_erasures->erase_subject(kCustomer, kCaller));
  rig.person_erasures->wait_until_idle();
  CHECK(rig.ask("POST", "/v1/subjects/customer-1/erase").status == 404);
  CHECK(rig.ask("POST", "/v1/subjects/" + erasure.target_id + "/erase").status == 404);
  for (const Role role : {Role::supervisor, Role::agent, Role::ingest}) {
    CHECK(rig.ask("POST", "/v1/subjects/agent-1/erase", "", role).status == 403);
    CHECK(rig.ask("DELETE", "/v1/tenants/default", "", role).status == 403);
  }
}

TEST_CASE("an erased tenant leaves no call, nobody and no name; another tenant is as it was") {
  ControlRig rig;
  const auto first = rig.record_agreed();
  RecordSpec per_party = of_others();
  per_party.policy = "per-party";
  const auto second = rig.record_agreed(per_party);
  RecordSpec elsewhere;
  elsewhere.tenant = "acme";
  const auto other = rig.record_agreed(elsewhere);
  const TenantRow tenant = *must(rig.catalog->tenant(std::string_view("default")));

  const auto response = rig.ask("DELETE", "/v1/tenants/default");
  REQUIRE(response.status == 202);
  CHECK(heard(rig, first) >= 403);
  CHECK(heard(rig, second) >= 403);
  rig.person_erasures->wait_until_idle();
  CHECK(json::parse(
            rig.ask("GET", "/v1/erasures/" + json::parse(response.body)["id"].get<std::string>()).body)["state"] ==
        "done");
  CHECK_FALSE(has_key(rig, tenant.key));
  for (const RecordedCall* call : {&first, &second}) {
    CHECK(objects_of(rig, *call) == 0);
    for (const LegRow& leg : call->legs) CHECK_FALSE(has_key(rig, leg.key));
    for (const SubjectId id : call->subjects) CHECK_FALSE(has_key(rig, must(rig.catalog->subject(id))->key));
  }
  CHECK_FALSE(must(rig.catalog->tenant(std::string_view("default"))));
  CHECK(heard(rig, other) == 200);
  CHECK(objects_of(rig, other) == 4);
  // Its name may be used again, by somebody new.
  const auto later = rig.record_agreed();
  CHECK(must(rig.catalog->call(later.call))->tenant != tenant.id);
  CHECK(heard(rig, later) == 200);
}

}  // namespace assent
