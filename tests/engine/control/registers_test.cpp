// The registers of notices and purposes: the file's declarations, the API, and what never changes.
#include "engine/control/registers.h"

#include <nlohmann/json.hpp>

#include "control_rig.h"
#include "crypto/sha256.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr const char* kNotice = R"({"id":"n1","version":"1","language":"en","text":"We record."})";
constexpr const char* kPurpose =
    R"({"id":"research","description":"Learning from calls","retention_hours":48,"processors":["Acme Labs"]})";

std::string detail_of(const HttpResponse& response) { return json::parse(response.body).value("detail", ""); }

}  // namespace

TEST_CASE("a notice is put on record once, and read by its name and by its hash") {
  ControlRig rig;
  const auto response = rig.ask("POST", "/v1/notices", kNotice);
  REQUIRE(response.status == 201);
  const json notice = json::parse(response.body);
  CHECK(notice["hash"] == to_hex(sha256(bytes_of("We record."))));
  CHECK(notice["origin"] == "token:admin");
  CHECK(rig.ask("POST", "/v1/notices", kNotice).status == 200);
  const json all{{"notices", json::array({notice})}};
  CHECK(json::parse(rig.ask("GET", "/v1/notices", {}, Role::supervisor).body) == all);
  CHECK(json::parse(rig.ask("GET", "/v1/notices/n1/1", {}, Role::supervisor).body) == all);
  CHECK(json::parse(rig.ask("GET", "/v1/notices?hash=" + notice["hash"].get<std::string>()).body) == all);
  CHECK(json::parse(rig.ask("GET", "/v1/notices?hash=00").body)["notices"].empty());
  CHECK(rig.ask("GET", "/v1/notices?hash=zz").status == 400);
  CHECK(rig.ask("GET", "/v1/notices/n1/2").status == 404);
  CHECK(rig.ledger_kinds() == std::vector<std::string>{"notice"});
}

TEST_CASE("another text under a notice's version is a conflict, and in another language it is another notice") {
  ControlRig rig;
  REQUIRE(rig.ask("POST", "/v1/notices", kNotice).status == 201);
  const auto refused =
      rig.ask("POST", "/v1/notices", R"({"id":"n1","version":"1","language":"en","text":"We record all."})");
  CHECK(refused.status == 409);
  CHECK(detail_of(refused).find("new version") != std::string::npos);
  CHECK(rig.ask("POST", "/v1/notices", R"({"id":"n1","version":"1","language":"de","text":"Wir zeichnen auf."})")
            .status == 201);
  CHECK(rig.ask("POST", "/v1/notices", R"({"id":"n1","version":"2","language":"en","text":"We record all."})").status ==
        201);
  CHECK(json::parse(rig.ask("GET", "/v1/notices/n1/1").body)["notices"].size() == 2);
  CHECK(json::parse(rig.ask("GET", "/v1/notices/n1/1?language=en").body)["notices"][0]["text"] == "We record.");
  CHECK(rig.ask("POST", "/v1/notices", R"({"id":"n1","version":"3","language":"english!","text":"x"})").status == 422);
}

TEST_CASE("a purpose that comes through the API is asked for from then on") {
  ControlRig rig;
  const auto response = rig.ask("POST", "/v1/purposes", kPurpose);
  REQUIRE(response.status == 201);
  const json purpose = json::parse(response.body);
  CHECK(purpose["version"] == "1");
  CHECK(purpose["in_use"] == true);
  CHECK(purpose["processors"] == json{"Acme Labs"});
  CHECK(purpose["lawful_basis"] == "consent");
  CHECK(rig.purposes.find("research")->value == 2);  // behind those that were there
  CHECK(rig.ask("POST", "/v1/purposes", kPurpose).status == 200);
  CHECK(rig.ask("POST", "/v1/purposes", R"({"id":"research","description":"Anything"})").status == 409);
  CHECK(json::parse(rig.ask("GET", "/v1/purposes", {}, Role::supervisor).body)["purposes"] == json::array({purpose}));
  CHECK(rig.ledger_kinds() == std::vector<std::string>{"purpose"});
}

TEST_CASE("a purpose with an impossible name, or one too many, is refused and leaves nothing") {
  ControlRig rig;
  CHECK(rig.ask("POST", "/v1/purposes", R"({"id":"Not a name","description":"x"})").status == 422);
  for (std::size_t i = rig.purposes.size(); i < limits::kPurposes; ++i) must(rig.purposes.add("p" + std::to_string(i)));
  const auto refused = rig.ask("POST", "/v1/purposes", kPurpose);
  CHECK(refused.status == 503);
  CHECK(must(rig.catalog->purposes()).empty());
}

TEST_CASE("what the file declares is on record, and a change under the same version is refused as a whole") {
  ControlRig rig;
  const NoticeSpec notice{"n1", "1", "en", "We record."};
  const PurposeSpec quality{"quality", "1", "Better service", "consent", 2160, {"Acme"}};
  must(rig.registers.declare({notice}, {quality}));
  must(rig.registers.declare({notice}, {quality}));
  CHECK(must(rig.catalog->notices({}))[0].origin == "file");

  NoticeSpec changed = notice;
  changed.text = "We record all.";
  const PurposeSpec another{"research", "1", "Learning", "consent", std::nullopt, {}};
  const auto refused = rig.registers.declare({changed}, {another});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::conflict);
  CHECK(refused.error().what.find("\"n1\"") != std::string::npos);
  CHECK(must(rig.catalog->purposes()).size() == 1);
  changed.version = "2";
  must(rig.registers.declare({changed}, {another}));
}

TEST_CASE("after a start purposes of the API are in use again, and those that only an older file named are not") {
  ControlRig rig;
  must(rig.registers.declare({}, {{"of-old-file", "1", "x", "consent", std::nullopt, {}}}));
  REQUIRE(rig.ask("POST", "/v1/purposes", kPurpose).status == 201);
  auto purposes = must(PurposeRegistry::create({"quality"}));
  Registers again({*rig.catalog, *rig.writer, purposes});
  must(again.resume());
  CHECK(purposes.find("research"));
  CHECK_FALSE(purposes.find("of-old-file"));
  for (const PurposeView& view : must(again.purposes())) CHECK(view.in_use == (view.row.id == "research"));
}

TEST_CASE("admins write the registers, supervisors read them, agents do neither") {
  ControlRig rig;
  for (const auto& [path, body] : {std::pair("/v1/notices", kNotice), std::pair("/v1/purposes", kPurpose)}) {
    CHECK(rig.ask("POST", path, body, Role::supervisor).status == 403);
    CHECK(rig.ask("GET", path, {}, Role::supervisor).status == 200);
    CHECK(rig.ask("GET", path, {}, Role::agent).status == 403);
  }
}

}  // namespace assent
