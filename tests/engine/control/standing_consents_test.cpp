// Consents on file through the API: who may, what is on record, and what is sealed.
#include "engine/control/standing_consents.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;

const std::string kPath = "/v1/subjects/agent-7/standing-consents";

json created(ControlRig& rig, const std::string& body, const std::string& path = kPath) {
  const auto response = rig.ask("POST", path, body, Role::supervisor);
  INFO(response.body);
  REQUIRE(response.status == 201);
  return json::parse(response.body);
}

std::string in_an_hour() { return to_rfc3339(read_clocks().wall + 1h); }

}  // namespace

TEST_CASE("a consent on file is a record with person, purposes, time and evidence, and on the ledger") {
  ControlRig rig;
  const json given =
      created(rig, R"({"purposes":["quality"],"until":")" + in_an_hour() + R"(","evidence":"contract, drawer 7"})");
  CHECK(given["purposes"] == json{"quality"});
  CHECK(given["state"] == "valid");
  CHECK(given["evidence"] == "contract, drawer 7");
  CHECK(given["withdrawn"].is_null());
  CHECK(given["origin"] == "token:the-supervisor");
  const json list = json::parse(rig.ask("GET", kPath, {}, Role::supervisor).body);
  CHECK(list["standing_consents"] == json::array({given}));
  // By the subject's id, too.
  const std::string by_id = "/v1/subjects/" + given["subject"].get<std::string>() + "/standing-consents";
  CHECK(json::parse(rig.ask("GET", by_id).body) == list);

  const LedgerRow last = rig.ledger().back();
  CHECK(last.kind == "standing_consent");
  const json entry = json::parse(last.body_json);
  CHECK(entry["change"] == "given");
  CHECK(entry["standing"] == given["id"]);
  CHECK(entry["subject"] == given["subject"]);
  CHECK(entry["by"] == "the-supervisor");
  CHECK(last.body_json.find("drawer") == std::string::npos);
}

TEST_CASE("neither whose a consent on file is nor where it lies stands in clear text in the catalog") {
  ControlRig rig;
  created(rig, R"({"purposes":["quality"],"evidence":"contract of Alice Example"})");
  must(rig.catalog->forget_deleted());  // the log into the file
  std::ifstream in(rig.folder.path / "catalog.db", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  CHECK(bytes.find("standing_consents") != std::string::npos);
  CHECK(bytes.find("Alice") == std::string::npos);
  CHECK(bytes.find("agent-7") == std::string::npos);
}

TEST_CASE("a withdrawal is on record, reaches the live calls, and can be asked again") {
  ControlRig rig;
  const json given = created(rig, R"({"purposes":["quality"]})");
  const std::string path = kPath + "/" + given["id"].get<std::string>() + "/withdraw";
  const auto response = rig.ask("POST", path, {}, Role::supervisor);
  REQUIRE(response.status == 200);
  CHECK(json::parse(response.body)["state"] == "withdrawn");
  CHECK(rig.calls.asked.back() == "withdraw standing " + given["id"].get<std::string>() + " by the-supervisor");
  const auto entries = rig.ledger().size();
  CHECK(json::parse(rig.ledger().back().body_json)["change"] == "withdrawn");
  CHECK(rig.ask("POST", path).status == 200);
  CHECK(rig.ledger().size() == entries);
  CHECK(rig.calls.asked.size() == 2);
}

TEST_CASE("that a live call does not answer is told, and the withdrawal is on record all the same") {
  ControlRig rig;
  const json given = created(rig, R"({"purposes":["quality"]})");
  rig.calls.fails = error(Errc::unavailable, "the calls' thread has not answered in time");
  CHECK(rig.ask("POST", kPath + "/" + given["id"].get<std::string>() + "/withdraw").status == 503);
  const json list = json::parse(rig.ask("GET", kPath).body);
  CHECK(list["standing_consents"][0]["state"] == "withdrawn");
}

TEST_CASE("states of consents on file follow the time") {
  ControlRig rig;
  CHECK(created(rig, R"({"purposes":["quality"],"from":")" + in_an_hour() + R"("})")["state"] == "not-begun");
  CHECK(created(rig, R"({"purposes":["quality"]})")["until"].is_null());
}

TEST_CASE("a consent on file that makes no sense is refused, and says why") {
  ControlRig rig;
  for (const auto& [body, word] : std::vector<std::pair<std::string, std::string>>{
           {R"({"purposes":["spying"]})", "spying"},
           {R"({"purposes":[]})", "purposes"},
           {R"({"purposes":["quality","quality"]})", "comes twice"},
           {R"({"purposes":["quality"],"until":"2001-01-01T00:00:00Z"})", "until"},
           {R"({"purposes":["quality"],"until":"tomorrow"})", "until"},
           {R"({"purposes":["quality"],"until":"2261-01-01T00:00:00Z"})", "36500 days"},
           {R"({"purposes":["quality"],"until":"2600-01-01T00:00:00Z"})", "until"},
           {R"({"purposes":["quality"],"notice":{"id":"n","version":"1"}})", "not on record"},
           {R"({"purposes":["quality"],"colour":"red"})", "colour"}}) {
    INFO(body);
    const auto response = rig.ask("POST", kPath, body);
    CHECK(response.status == 422);
    CHECK(response.body.find(word) != std::string::npos);
  }
  CHECK(rig.ask("GET", kPath).status == 404);  // nobody was made
}

TEST_CASE("another person's consent on file, and one that is none, are not found") {
  ControlRig rig;
  const json given = created(rig, R"({"purposes":["quality"]})");
  created(rig, R"({"purposes":["quality"]})", "/v1/subjects/agent-8/standing-consents");
  const std::string id = given["id"].get<std::string>();
  CHECK(rig.ask("POST", "/v1/subjects/agent-8/standing-consents/" + id + "/withdraw").status == 404);
  CHECK(rig.ask("POST", "/v1/subjects/nobody/standing-consents/" + id + "/withdraw").status == 404);
  CHECK(rig.ask("POST", kPath + "/" + to_text(new_id<StandingId>(ControlRig::kStart)) + "/withdraw").status == 404);
  CHECK(rig.ask("POST", kPath + "/x/withdraw").status == 400);
  CHECK(json::parse(rig.ask("GET", kPath).body)["standing_consents"][0]["state"] == "valid");
}

TEST_CASE("the same reference within another tenant is another person") {
  ControlRig rig;
  const json here = created(rig, R"({"purposes":["quality"]})");
  const json there = created(rig, R"({"purposes":["quality"],"tenant":"acme"})");
  CHECK(here["subject"] != there["subject"]);
  const json list = json::parse(rig.ask("GET", kPath + "?tenant=acme").body);
  CHECK(list["standing_consents"] == json::array({there}));
}

TEST_CASE("what is on file for a person is among the records of that person on the ledger") {
  ControlRig rig;
  const json given = created(rig, R"({"purposes":["quality"]})");
  created(rig, R"({"purposes":["quality"]})", "/v1/subjects/agent-8/standing-consents");
  RecordSpec spec;
  spec.subjects = {"agent-7", "customer-1"};
  const auto call = rig.record_call(spec);
  rig.consent(call, 1, "quality", "granted");
  REQUIRE(rig.ask("POST", kPath + "/" + given["id"].get<std::string>() + "/withdraw").status == 200);
  const std::string path = "/v1/ledger?subject=" + given["subject"].get<std::string>();
  std::vector<std::string> kinds;
  std::uint64_t last = 0;
  const auto read = [&](const std::string& query) {
    const json reply = json::parse(rig.ask("GET", path + query).body);
    for (const json& entry : reply["entries"]) {
      CHECK(entry["seq"] > last);
      last = entry["seq"];
      const bool of_consent = entry["kind"] == "standing_consent";
      kinds.push_back(entry["kind"].get<std::string>() +
                      (of_consent ? " " + entry["body"]["change"].get<std::string>() : std::string()));
    }
    return reply["after"];
  };
  CHECK(read("").is_null());
  const std::vector<std::string> all = {"standing_consent given", "consent", "standing_consent withdrawn"};
  CHECK(kinds == all);
  // The same in pages; and none of it in a call's own.
  kinds.clear();
  last = 0;
  for (json after = 0; !after.is_null();) after = read("&limit=1&after=" + after.dump());
  CHECK(kinds == all);
  kinds.clear();
  last = 0;
  read("&call=" + to_text(call.call));
  CHECK(kinds == std::vector<std::string>{"consent"});
}

TEST_CASE("an agent may not touch consents on file") {
  ControlRig rig;
  CHECK(rig.ask("POST", kPath, R"({"purposes":["quality"]})", Role::agent).status == 403);
  CHECK(rig.ask("GET", kPath, {}, Role::agent).status == 403);
}

}  // namespace assent
