// Processors over the API: erasures that wait for them, confirmations, waivers, what is listed and measured.
#include <nlohmann/json.hpp>

#include "control_rig.h"
#include "engine/catalog/erasure_record.h"
#include "engine/control/webhook_signature.h"

namespace assent {
namespace {

using nlohmann::json;

HmacKey key_of(std::string_view secret) { return HmacKey(bytes_of(secret)); }

// A call of two, and two processors.
struct Told {
  ControlRig rig;
  RecordedCall call = rig.record_call();

  Told() {
    set({"crm", "stt"});
    rig.start_ledger_key();
    std::vector<WebhookSource> sources(2);
    sources[0].name = "crm";
    sources[0].secrets.push_back(key_of("the secret of the crm"));
    sources[1].name = "stt";
    sources[1].secrets.push_back(key_of("the secret of the stt"));
    rig.processor_keys.replace(std::move(sources));
    rig.wall = read_clocks().wall;
  }
  void set(const std::vector<std::string>& names) {
    booking::SetProcessors set{{}, ControlRig::kStart};
    for (const std::string& name : names) set.rows.push_back({name, R"(["quality"])", "example.com", set.at});
    must(rig.writer->book_and_wait({set}));
  }
  json ask(const std::string& method, const std::string& target, unsigned status, const std::string& body = {}) {
    const HttpResponse response = rig.ask(method, target, body);
    INFO(response.body);
    REQUIRE(response.status == status);
    return json::parse(response.body);
  }
  json erase_recording(unsigned status = 202) {
    return ask("DELETE", "/v1/recordings/" + to_text(call.recording), status);
  }
  json show(const std::string& erasure) { return ask("GET", "/v1/erasures/" + erasure, 200); }
  DeliveryRow delivery(const std::string& name, const std::string& erasure) {
    for (DeliveryRow& row : must(rig.catalog->deliveries_of(*parse_id<ErasureId>(erasure)))) {
      if (row.processor == name) return std::move(row);
    }
    FAIL("it was not told");
    return {};
  }
  HttpResponse confirm(const std::string& name, const std::string& event, const std::string& signer = {}) {
    const std::string body = json{{"event", event}}.dump();
    const auto header = rig.processor_keys.sign(signer.empty() ? name : signer, body, rig.wall);
    return rig.ask("POST", "/v1/processors/" + name + "/confirmations", body, std::nullopt,
                   {{"assent-signature", header.value_or("")}});
  }
  void complete() {
    for (const ErasureRow& row : must(rig.catalog->waiting_erasures())) {
      std::vector<Booking> bookings;
      if (must(complete_erasure(*rig.catalog, row, rig.wall, bookings))) {
        must(rig.writer->book_and_wait(std::move(bookings)));
      }
    }
  }
  std::size_t closed() {
    const auto kinds = rig.ledger_kinds();
    return static_cast<std::size_t>(std::count(kinds.begin(), kinds.end(), "erasure_done"));
  }
};

}  // namespace

TEST_CASE("a recording whose processors have not confirmed answers 202, and tells which") {
  Told told;
  const json erasure = told.erase_recording();
  CHECK(erasure["state"] == "incomplete");
  CHECK(erasure["steps"].back()["step"] == "processors");
  REQUIRE(erasure["processors"].size() == 2);
  CHECK(erasure["processors"][0]["name"] == "crm");
  CHECK(erasure["processors"][0]["trouble"] == "it has not been told yet");
  CHECK_FALSE(erasure.contains("receipt"));
  CHECK(told.rig.journal.erased.size() == 1);
  // Asked again, and after a start, it is the same one, and nothing is done twice.
  CHECK(told.erase_recording()["id"] == erasure["id"]);
  CHECK(must(told.rig.erasures.resume()).empty());
  CHECK(told.rig.journal.erased.size() == 1);
  CHECK(told.closed() == 0);
}

TEST_CASE("the last confirmation closes it once, and the receipt names each processor with its time") {
  Told told;
  const std::string id = told.erase_recording()["id"];
  for (const char* name : {"crm", "stt"}) {
    told.complete();
    CHECK(told.closed() == 0);
    const HttpResponse confirmed = told.confirm(name, to_text(told.delivery(name, id).event));
    REQUIRE(confirmed.status == 200);
    CHECK(json::parse(confirmed.body)["state"] == "confirmed");
    CHECK(json::parse(confirmed.body)["erasure"] == id);
  }
  told.complete();
  told.complete();
  CHECK(told.closed() == 1);
  const json shown = told.show(id);
  CHECK(shown["state"] == "done");
  const json receipt = shown["receipt"]["receipt"];
  REQUIRE(receipt["assent:processors"].size() == 2);
  CHECK(receipt["assent:processors"][0]["assent:name"] == "crm");
  CHECK(receipt["assent:processors"][0]["assent:confirmed"] == to_rfc3339(told.rig.wall));
  CHECK(receipt["assent:processors"][1]["assent:name"] == "stt");
  // Later ones change nothing.
  CHECK(told.confirm("stt", to_text(told.delivery("stt", id).event)).status == 200);
  told.complete();
  CHECK(told.closed() == 1);
  CHECK(told.show(id) == shown);
}

TEST_CASE("a confirmation counts only from whom it is about") {
  Told told;
  const std::string id = told.erase_recording()["id"];
  const std::string event = to_text(told.delivery("stt", id).event);
  CHECK(told.confirm("stt", event, "crm").status == 401);
  CHECK(told.confirm("nobody", event, "stt").status == 401);
  const std::string body = json{{"event", event}}.dump();
  CHECK(told.rig.ask("POST", "/v1/processors/stt/confirmations", body).status == 401);
  CHECK(told.confirm("stt", to_text(new_id<EventId>(told.rig.wall))).status == 404);
  CHECK(told.confirm("stt", "x").status == 422);
  CHECK(told.delivery("stt", id).state == DeliveryState::pending);
  told.rig.wall += 1h;
  const auto old = told.rig.processor_keys.sign("stt", body, told.rig.wall - 1h);
  const HttpResponse stale =
      told.rig.ask("POST", "/v1/processors/stt/confirmations", body, std::nullopt, {{"assent-signature", *old}});
  CHECK(stale.status == 401);
  CHECK(told.confirm("stt", event).status == 200);
}

TEST_CASE("what tells of a consent cannot be confirmed") {
  Told told;
  told.rig.consent_all(told.call, "quality");
  const auto told_of = must(told.rig.catalog->deliveries("crm", DeliveryState::pending, 10));
  REQUIRE(told_of.size() == 2);
  CHECK(told.confirm("crm", to_text(told_of[0].event)).status == 409);
}

TEST_CASE("a processor that is gone is waived with a reason, which is on the receipt") {
  Told told;
  const std::string id = told.erase_recording()["id"];
  told.confirm("crm", to_text(told.delivery("crm", id).event));
  told.set({"crm"});
  CHECK(told.show(id)["processors"][1]["trouble"].get<std::string>().find("not in the pipeline file") !=
        std::string::npos);
  const json listed = told.ask("GET", "/v1/processors", 200)["processors"];
  CHECK(listed[1]["name"] == "stt");
  CHECK(listed[1]["pending"] == 1);
  CHECK(listed[1]["removed"] == to_rfc3339(ControlRig::kStart));
  CHECK(told.rig.ask("POST", "/v1/processors/stt/waive", "{}").status == 422);
  CHECK(told.rig.ask("POST", "/v1/processors/stt/waive", R"({"reason":"gone"})", Role::supervisor).status == 403);
  CHECK(told.rig.ask("POST", "/v1/processors/nobody/waive", R"({"reason":"gone"})").status == 404);
  const json waived = told.ask("POST", "/v1/processors/stt/waive", 200, R"({"reason":"gone","erasure":")" + id + "\"}");
  CHECK(waived["pending"] == 0);
  CHECK(told.rig.ask("POST", "/v1/processors/stt/waive", R"({"reason":"again"})").status == 404);
  told.complete();
  const json receipt = told.show(id)["receipt"]["receipt"];
  CHECK(receipt["assent:processors"][1]["assent:waived"] == to_rfc3339(told.rig.wall));
  CHECK(receipt["assent:processors"][1]["assent:reason"] == "gone");
  CHECK(told.closed() == 1);
}

TEST_CASE("dead letters are listed, and tried again when that is asked for") {
  Told told;
  const std::string id = told.erase_recording()["id"];
  const DeliveryRow row = told.delivery("stt", id);
  must(told.rig.writer->book_and_wait(
      {booking::NoteDelivery{row.event, "stt", DeliveryState::dead, told.rig.wall, 30, "it answered 500"}}));
  const json stt = told.ask("GET", "/v1/processors", 200)["processors"][1];
  CHECK(stt["dead"] == 1);
  CHECK(stt["dead_letters"][0]["event"] == to_text(row.event));
  CHECK(stt["dead_letters"][0]["erasure"] == id);
  CHECK(stt["last_error"]["what"] == "it answered 500");
  CHECK(told.show(id)["processors"][1]["state"] == "dead");
  const json again = told.ask("POST", "/v1/processors/stt/retry", 200);
  CHECK(again["dead"] == 0);
  CHECK(again["pending"] == 1);
  CHECK(told.rig.ask("POST", "/v1/processors/nobody/retry").status == 404);
}

TEST_CASE("a person's erasure waits for processors alone, is the same one when asked for again, and closes with them") {
  Told told;
  told.rig.consent_all(told.call, "quality");
  const std::string person = to_text(told.call.subjects[0]);
  const std::string id = told.ask("POST", "/v1/subjects/" + person + "/erase", 202)["id"];
  told.rig.person_erasures->wait_until_idle();
  CHECK(must(told.rig.catalog->unfinished_erasures()).empty());
  CHECK(told.show(id)["steps"].back()["step"] == "processors");
  CHECK(told.ask("POST", "/v1/subjects/" + person + "/erase", 202)["id"] == id);
  told.rig.start_person_erasures();
  told.rig.person_erasures->wait_until_idle();
  for (const char* name : {"crm", "stt"}) {
    REQUIRE(told.confirm(name, to_text(told.delivery(name, id).event)).status == 200);
  }
  told.complete();
  CHECK(told.show(id)["state"] == "done");
  CHECK(told.rig.ask("POST", "/v1/subjects/" + person + "/erase").status == 404);
}

TEST_CASE("an erasure that still waits for processors does not hold up that of a person") {
  Told told;
  const std::string first = told.erase_recording()["id"];
  const std::string person = to_text(told.call.subjects[0]);
  const std::string id = told.ask("POST", "/v1/subjects/" + person + "/erase", 202)["id"];
  told.rig.person_erasures->wait_until_idle();
  CHECK(told.show(id)["steps"].back()["step"] == "processors");
  CHECK(told.show(first)["state"] == "incomplete");
}

TEST_CASE("without processors an erasure is as it was") {
  Told told;
  told.set({});
  const json erasure = told.erase_recording(200);
  CHECK(erasure["processors"].empty());
  CHECK(erasure["receipt"]["receipt"]["assent:processors"].empty());
}

TEST_CASE("what is open with processors is measured") {
  Told told;
  told.erase_recording();
  const std::string metrics = told.rig.ask("GET", "/metrics").body;
  CHECK(metrics.find(R"(assent_processor_events{processor="crm",state="pending"} 1)") != std::string::npos);
  CHECK(metrics.find(R"(assent_processor_oldest_event_seconds{processor="stt"})") != std::string::npos);
  CHECK(metrics.find(R"(assent_processor_deliveries_total{processor="stt",result="dead"} 0)") != std::string::npos);
}

TEST_CASE("what is sent to a processor is signed with each of its secrets, and verifies") {
  ControlRig rig;
  std::vector<WebhookSource> sources(1);
  sources[0].name = "stt";
  sources[0].secrets.push_back(key_of("the new secret of the stt"));
  sources[0].secrets.push_back(key_of("the old secret of the stt"));
  rig.processor_keys.replace(std::move(sources));
  const auto header = rig.processor_keys.sign("stt", "{}", WallTime(1700000000s));
  REQUIRE(header);
  const auto parsed = parse_webhook_signature(*header);
  REQUIRE(parsed);
  CHECK(parsed->signed_at_s == 1700000000);
  REQUIRE(parsed->tags.size() == 2);
  CHECK(parsed->tags[0] ==
        key_of("the new secret of the stt").sign({bytes_of("1700000000"), bytes_of("."), bytes_of("{}")}));
  CHECK_FALSE(rig.processor_keys.sign("nobody", "{}", WallTime(1700000000s)));
}

}  // namespace assent
