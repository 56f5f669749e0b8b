#include "engine/disclosure/vcon.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "disclosed_call.h"
#include "engine/disclosure/disclosed_json.h"
#include "vcon_schema.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr const char* kUuid = "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6";

json vcon(const DisclosedCall& call) {
  std::string text;
  for (const VconPiece& piece : vcon_of(call, kUuid, kCallStart + 240h)) {
    text += piece.text;
    if (piece.audio != nullptr) text += "T2dnUw";
  }
  return json::parse(text);
}

json attachment(const json& vcon, const std::string& purpose) {
  for (const json& one : vcon["attachments"]) {
    if (one["purpose"] == purpose) return one;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a call is a vCon as the draft has it") {
  CHECK(VconCheck::faults_of(vcon(disclosed_call())) == std::vector<std::string>{});
}

TEST_CASE("a call of which nothing was kept is a vCon, too") {
  DisclosedCall call = disclosed_call();
  call.legs.clear();
  call.consents.clear();
  call.receipts.clear();
  call.notes.clear();
  call.row.ended.reset();
  const json made = vcon(call);
  CHECK(VconCheck::faults_of(made) == std::vector<std::string>{});
  CHECK(made["dialog"].size() == 1);
  CHECK(attachment(made, "consent").is_null());
}

TEST_CASE("the check of vCons finds what is wrong") {
  const json good = vcon(disclosed_call());
  for (const char* change :
       {R"([{"op":"replace","path":"/vcon","value":"0.3.0"}])", R"([{"op":"remove","path":"/uuid"}])",
        R"([{"op":"replace","path":"/created_at","value":"today"}])",
        R"([{"op":"replace","path":"/dialog/1/parties","value":9}])",
        R"([{"op":"remove","path":"/dialog/0/recordings"}])",
        R"([{"op":"replace","path":"/dialog/1/body","value":"a+b="}])",
        R"([{"op":"remove","path":"/attachments/0/start"}])", R"([{"op":"remove","path":"/attachments/0/expiration"}])",
        R"([{"op":"replace","path":"/attachments/1/dialog","value":7}])",
        R"([{"op":"remove","path":"/extensions"}])"}) {
    INFO(change);
    CHECK_FALSE(VconCheck::faults_of(good.patch(json::parse(change))).empty());
  }
}

TEST_CASE("the person is named with what is known of them, others by their role alone") {
  const json parties = vcon(disclosed_call())["parties"];
  REQUIRE(parties.size() == 3);
  CHECK(parties[0]["name"] == "Ada <script>alert(1)</script>");
  CHECK(parties[0]["tel"] == "+49 30 1234");
  CHECK(parties[0]["role"] == "customer");
  CHECK(parties[0]["uuid"] == to_text(id_of<SubjectId>(40)));  // the same in every call
  CHECK(parties[1] == json{{"type", "person"}, {"role", "agent"}});
  CHECK(parties[2] == json{{"type", "organization"}, {"org", "acme"}, {"role", "controller"}});
}

TEST_CASE("an address is what it looks like") {
  for (const auto& [address, parameter] : std::vector<std::pair<std::string, std::string>>{{"+49301234", "tel"},
                                                                                           {"tel:+4930", "tel"},
                                                                                           {"sip:a@b.example", "sip"},
                                                                                           {"a@b.example", "mailto"},
                                                                                           {"desk 7", "address"}}) {
    DisclosedCall call = disclosed_call();
    call.participants[0].fields->address = address;
    const json made = vcon(call);
    CHECK(made["parties"][0][parameter] == address);
    CHECK(VconCheck::faults_of(made) == std::vector<std::string>{});
  }
}

TEST_CASE("the audio stands in the dialog, where the pieces say") {
  const json dialog = vcon(disclosed_call())["dialog"];
  REQUIRE(dialog.size() == 2);
  CHECK(dialog[0]["type"] == "recording-set");
  CHECK(dialog[0]["recordings"] == json{1});
  CHECK(dialog[0]["duration"] == 90.0);
  CHECK(dialog[1]["body"] == "T2dnUw");
  CHECK(dialog[1]["parties"] == 0);
  CHECK(dialog[1]["duration"] == 60.5);
  CHECK(dialog[1]["filename"] == "calls/x/y.wav");
}

TEST_CASE("the consent attachment says what stands now, and every record") {
  const json consent = attachment(vcon(disclosed_call()), "consent");
  CHECK(consent["party"] == 0);
  CHECK(consent["consents"][0]["purpose"] == "quality");
  CHECK(consent["consents"][0]["status"] == "revoked");
  CHECK(consent["consents"][0]["value"] == false);
  CHECK(consent["consents"][1]["status"] == "granted");
  CHECK(consent["expiration"] == to_rfc3339(kCallStart + 24h));
  const json& records = consent["body"]["records"];
  REQUIRE(records.size() == 3);
  CHECK(records[0]["signal"] == json({{"type", "dtmf"}, {"value", "form <7>"}}));
  CHECK(records[1]["signal"]["value"] == "");
  CHECK(records[2]["signal"]["value"].is_null());
  CHECK(consent["proof"][0]["value"] == "a.b.c");
  CHECK(consent["terms_of_service"]["version"] == "2");
}

TEST_CASE("notes, receipts, metrics, accesses and recipients are attachments, and what is not there") {
  const json made = vcon(disclosed_call());
  CHECK(attachment(made, "note")["body"]["text"] == "said </td><b>bold</b>");
  CHECK(attachment(made, "consent receipts")["body"][0]["jws"] == "a.b.c");
  CHECK(attachment(made, "call metrics")["body"]["opt_in"][0]["opt_in_ms"] == 1500);
  CHECK(attachment(made, "accesses")["body"][0]["body"]["by"] == "supervisor-3");
  CHECK(attachment(made, "recipients")["body"][0]["recipients"] == json{"Transcribers Ltd"});
  const json missing = attachment(made, "not there any more")["body"];
  REQUIRE(missing.size() == 2);
  CHECK(missing[0]["why"] == "damaged, and kept apart");
  CHECK(missing[1]["count"] == 2);
  DisclosedCall erased = disclosed_call();
  erased.erased = kCallStart + 72h;
  CHECK(attachment(vcon(erased), "not there any more")["body"][0]["at"] == to_rfc3339(kCallStart + 72h));
}

TEST_CASE("a text with quotes, braces and bytes that are no UTF-8 breaks nothing") {
  DisclosedCall call = disclosed_call();
  call.ref = "\"}],\"dialog\":[{\xFF\xFE";
  call.notes[0].text = "\",\"body\":\"\x01";
  const json made = vcon(call);
  CHECK(VconCheck::faults_of(made) == std::vector<std::string>{});
  CHECK(attachment(made, "note")["body"]["text"] == *call.notes[0].text);
}

TEST_CASE("a ledger record that names somebody else is not about the person") {
  const std::set<std::string> others = {"other-leg", "other-person"};
  LedgerRow row;
  row.kind = "consent";
  row.body_json = R"({"participant":"other-person"})";
  CHECK_FALSE(is_about(row, others));
  row.body_json = R"({"participant":"own"})";
  CHECK(is_about(row, others));
  row.kind = "access";
  row.body_json = R"({"legs":["other-leg","own"]})";
  CHECK(is_about(row, others));
}

}  // namespace assent
