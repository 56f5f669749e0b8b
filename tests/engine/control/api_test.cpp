#include "engine/control/api.h"

#include <nlohmann/json.hpp>
#include <thread>

#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr const char* kCall =
    R"({"ref":"call-7","participants":[{"ref":"customer","role":"customer"}],"legs":[{"label":"in","participant":"customer","codec":{"name":"PCMU","payload_type":0,"clock_rate":8000}}]})";

std::string header(const HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

std::string problem_type(const HttpResponse& response) {
  CHECK(response.content_type == "application/problem+json");
  const json body = json::parse(response.body);
  CHECK(body["status"] == response.status);
  return body.value("type", "").substr(std::string("urn:assent:problem:").size());
}

// A request that fits each route.
std::string path_for(const Route& route) {
  std::string path(route.pattern);
  while (true) {
    const std::size_t open = path.find('{');
    if (open == std::string::npos) return path;
    path.replace(open, path.find('}') - open + 1, "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6");
  }
}

}  // namespace

TEST_CASE("creating a call answers its id and the ports of its legs") {
  ControlRig rig;
  LegView leg;
  leg.label = "in";
  leg.id = new_id<LegId>(ControlRig::kStart);
  leg.address = "192.0.2.9";
  leg.port = 30000;
  leg.rtcp_port = 30001;
  leg.gate = "holding";
  rig.calls.view.legs = {leg};
  const auto response = rig.ask("POST", "/v1/calls", kCall, Role::ingest);
  CHECK(response.status == 201);
  CHECK(header(response, "Location") == "/v1/calls/" + to_text(rig.calls.view.id));
  const json body = json::parse(response.body);
  CHECK(body["id"] == to_text(rig.calls.view.id));
  CHECK(body["state"] == "live");
  const json& shown = body["legs"][0];
  CHECK(shown["label"] == "in");
  CHECK(shown["id"] == to_text(leg.id));
  CHECK(shown["address"] == "192.0.2.9");
  CHECK(shown["port"] == 30000);
  CHECK(shown["rtcp_port"] == 30001);
  CHECK(rig.calls.asked == std::vector<std::string>{"create call-7 by the-ingest"});
  CHECK(rig.calls.last_call.legs[0].payloads.formats.at(0).codec.name == CodecName::pcmu);
}

TEST_CASE("a live call shows gates, levels and consents") {
  ControlRig rig;
  LegView leg;
  leg.gate = "open";
  leg.level_dbov = -23.5;
  rig.calls.view.legs = {leg};
  ParticipantView participant;
  participant.ref = "customer";
  participant.consents = {{"quality", "granted"}};
  rig.calls.view.participants = {participant};
  const json body = json::parse(rig.ask("GET", "/v1/calls/" + to_text(rig.calls.view.id)).body);
  CHECK(body["legs"][0]["gate"] == "open");
  CHECK(body["legs"][0]["level_dbov"] == -23.5);
  CHECK(body["participants"][0]["consents"] == json::parse(R"([{"purpose":"quality","state":"granted"}])"));
  CHECK(body["recording"].is_null());
  const json list = json::parse(rig.ask("GET", "/v1/calls").body);
  CHECK(list["calls"].size() == 1);
}

TEST_CASE("a decision answers its first record at the top, and all of them") {
  ControlRig rig;
  ConsentRecordView record;
  record.id = new_id<ConsentId>(ControlRig::kStart);
  record.call = rig.calls.view.id;
  record.participant = "customer";
  record.purpose = "quality";
  record.decision = "granted";
  record.signal_type = "api";
  record.at = ControlRig::kStart;
  rig.calls.records = {record, record};
  rig.calls.records[1].purpose = "training";
  const auto response = rig.ask("POST", "/v1/calls/" + to_text(rig.calls.view.id) + "/consent",
                                R"({"participant":"customer","decision":"granted"})", Role::agent);
  REQUIRE(response.status == 200);
  const json body = json::parse(response.body);
  CHECK(body["id"] == to_text(record.id));
  CHECK(body["purpose"] == "quality");
  CHECK(body["decision"] == "granted");
  CHECK(body["signal"]["type"] == "api");
  CHECK(body["notice"].is_null());
  CHECK(body["at"] == to_rfc3339(ControlRig::kStart));
  CHECK(body["purposes"] == json::parse(R"(["quality","training"])"));
  CHECK(body["records"].size() == 2);
  CHECK(rig.calls.asked.back() == "decide granted by the-agent");
}

TEST_CASE("ending a call answers its recording, or null and why") {
  ControlRig rig;
  const std::string path = "/v1/calls/" + to_text(rig.calls.view.id);
  CHECK(json::parse(rig.ask("DELETE", path).body) == json::parse(R"({"recording":null,"why":"no consent"})"));
  const auto recording = new_id<RecordingId>(ControlRig::kStart);
  rig.calls.ended = {recording, "complete"};
  CHECK(json::parse(rig.ask("DELETE", path).body) == json{{"recording", to_text(recording)}, {"why", "complete"}});
}

TEST_CASE("pause, resume and legs reach the call with what was asked") {
  ControlRig rig;
  const std::string path = "/v1/calls/" + to_text(rig.calls.view.id);
  CHECK(rig.ask("POST", path + "/pause", R"({"reason":"card"})").status == 200);
  CHECK(rig.ask("POST", path + "/resume", R"({"reason":"paid"})").status == 200);
  CHECK(
      rig.ask(
             "POST", path + "/legs",
             R"({"legs":[{"label":"x","participant":"p","codec":{"name":"PCMA","payload_type":8,"clock_rate":8000}}]})")
          .status == 200);
  CHECK(rig.calls.asked == std::vector<std::string>{"pause card", "resume paid", "legs 1"});
}

TEST_CASE("what the calls refuse becomes the problem that says so") {
  ControlRig rig;
  rig.calls.fails = error(Errc::exhausted, "all 100 calls are in use");
  const auto busy = rig.ask("POST", "/v1/calls", kCall);
  CHECK(busy.status == 503);
  CHECK(problem_type(busy) == "exhausted");
  CHECK(header(busy, "Retry-After") == "1");
  rig.calls.fails = error(Errc::invalid, "the pipeline has no policy 'x'");
  CHECK(problem_type(rig.ask("POST", "/v1/calls", kCall)) == "invalid");
  rig.calls.fails = error(Errc::conflict, "the call has ended");
  CHECK(rig.ask("POST", "/v1/calls/" + to_text(rig.calls.view.id) + "/pause", R"({"reason":"x"})").status == 409);
}

TEST_CASE("a wrong body changes nothing and says where it is wrong") {
  ControlRig rig;
  const auto response = rig.ask("POST", "/v1/calls", R"({"ref":"x","participants":[{"ref":"a"}]})");
  CHECK(response.status == 422);
  CHECK(json::parse(response.body)["errors"][0]["pointer"] == "/participants/0/role");
  CHECK(rig.ask("POST", "/v1/calls", "not json").status == 400);
  CHECK(rig.ask("POST", "/v1/calls", "{\"ref\":\"" + std::string(limits::kApiBodyBytes, 'x') + "\"}").status == 413);
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("unknown ids are 404, malformed ones 400, other methods 405 with Allow, other paths 404") {
  ControlRig rig;
  const std::string unknown = to_text(new_id<CallId>(ControlRig::kStart));
  CHECK(rig.ask("GET", "/v1/calls/" + unknown).status == 404);
  CHECK(rig.ask("GET", "/v1/recordings/" + unknown).status == 404);
  CHECK(rig.ask("GET", "/v1/recordings/" + unknown + "/audio?purpose=x").status == 404);
  CHECK(rig.ask("DELETE", "/v1/recordings/" + unknown).status == 404);
  CHECK(rig.ask("GET", "/v1/erasures/" + unknown).status == 404);
  CHECK(rig.ask("POST", "/v1/calls/" + unknown + "/notes", R"({"text":"x"})").status == 404);
  for (const char* id : {"7", "abc", "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f", "..", "%00", "0192F0C1"}) {
    if (std::string(id) == "%00") continue;  // refused by the server before it is a path
    CHECK(rig.ask("GET", std::string("/v1/calls/") + id).status == 400);
  }
  const auto put = rig.ask("PUT", "/v1/calls/" + unknown);
  CHECK(put.status == 405);
  CHECK(header(put, "Allow") == "GET, HEAD, DELETE");
  CHECK(rig.ask("GET", "/v2/calls").status == 404);
}

TEST_CASE("without a known token nothing but the open paths answers") {
  ControlRig rig;
  for (const Route& route : all_routes()) {
    INFO(route.method << " " << route.pattern);
    const auto nobody = rig.ask(std::string(route.method), path_for(route), "{}", std::nullopt);
    const bool is_signed =
        route.operation == Operation::receive_signal || route.operation == Operation::confirm_erasure;
    CHECK((nobody.status == 401) == (route.right.has_value() || is_signed));
    if (is_signed) CHECK(header(nobody, "WWW-Authenticate").starts_with("Assent-Signature"));
    if (!route.right) continue;
    CHECK(header(nobody, "WWW-Authenticate").starts_with("Bearer"));
    for (const std::string& wrong : {std::string("Bearer ") + std::string(64, 'a'), std::string("Bearer "),
                                     "Basic " + rig.admin_token, rig.admin_token, "Bearer  " + rig.admin_token}) {
      CHECK(
          rig.ask(std::string(route.method), path_for(route), "{}", std::nullopt, {{"authorization", wrong}}).status ==
          401);
    }
  }
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("every route obeys the roles table") {
  ControlRig rig;
  for (const Route& route : all_routes()) {
    if (!route.right) continue;
    for (const Role role : kRoles) {
      INFO(route.method << " " << route.pattern << " as " << name_of(role));
      const auto response = rig.ask(std::string(route.method), path_for(route), "{}", role);
      const bool is_denied = response.status == 403;
      CHECK(is_denied != allows(role, *route.right));
    }
  }
}

TEST_CASE("a repeated request with an Idempotency-Key makes one call") {
  ControlRig rig;
  const std::string token = rig.token_for(Role::ingest);
  const auto create = [&](const std::string& key, const std::string& body) {
    HttpRequest request{"POST", "/v1/calls", {}, {{"authorization", "bearer " + token}, {"idempotency-key", key}},
                        body,   {}};
    return rig.api.handle(request);
  };
  const auto first = create("k1", kCall);
  const auto again = create("k1", kCall);
  CHECK(first.status == 201);
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(rig.calls.asked.size() == 1);
  std::string other_body(kCall);
  other_body.replace(other_body.find("call-7"), 6, "call-8");
  const auto mismatch = create("k1", other_body);
  CHECK(mismatch.status == 422);
  CHECK(problem_type(mismatch) == "idempotency-mismatch");
  CHECK(create("k2", kCall).status == 201);
  CHECK(rig.calls.asked.size() == 2);
  CHECK(create("", kCall).status == 400);
  CHECK(create(std::string(129, 'k'), kCall).status == 400);
  CHECK(create("two words", kCall).status == 400);
}

TEST_CASE("requests repeated at the same time make one call, too") {
  ControlRig rig;
  const std::string token = rig.token_for(Role::ingest);
  std::atomic<int> started{0};
  rig.calls.during_create = [&] {
    while (started < 8) std::this_thread::yield();
  };
  std::vector<std::thread> clients;
  std::vector<HttpResponse> responses(8);
  for (std::size_t i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      ++started;
      HttpRequest request{"POST", "/v1/calls", {}, {{"authorization", "Bearer " + token}, {"idempotency-key", "k"}},
                          kCall,  {}};
      responses[i] = rig.api.handle(request);
    });
  }
  for (auto& client : clients) client.join();
  CHECK(rig.calls.asked.size() == 1);
  for (const auto& response : responses) CHECK(response.body == responses[0].body);
}

TEST_CASE("an admin adds tokens that work at once and deletes them") {
  ControlRig rig;
  const auto added = rig.ask("POST", "/v1/tokens", R"({"id":"pbx-1","role":"ingest"})");
  REQUIRE(added.status == 201);
  const std::string token = json::parse(added.body)["token"];
  const auto as_pbx = [&](const char* method, const char* path) {
    HttpRequest request{method, path, {}, {{"authorization", "Bearer " + token}}, {}, {}};
    return rig.api.handle(request).status;
  };
  CHECK(as_pbx("GET", "/v1/calls") == 200);
  CHECK(as_pbx("GET", "/v1/tokens") == 403);
  CHECK(rig.ask("POST", "/v1/tokens", R"({"id":"pbx-1","role":"admin"})").status == 409);
  const auto list = rig.ask("GET", "/v1/tokens");
  CHECK(json::parse(list.body)["tokens"].size() == 2);
  CHECK(list.body.find(token) == std::string::npos);
  CHECK(rig.ask("DELETE", "/v1/tokens/pbx-1").status == 200);
  CHECK(as_pbx("GET", "/v1/calls") == 401);
  CHECK(rig.ask("DELETE", "/v1/tokens/pbx-1").status == 404);
  CHECK(rig.ask("DELETE", "/v1/tokens/admin").status == 409);
  CHECK(rig.ask("DELETE", "/v1/tokens/A").status == 400);
}

TEST_CASE("health is always there; readiness says what is wrong") {
  ControlRig rig;
  CHECK(rig.ask("GET", "/healthz", {}, std::nullopt).status == 200);
  CHECK(rig.ask("GET", "/readyz", {}, std::nullopt).status == 200);
  rig.status.wrong = {"the journal cannot be written: no space", "the catalog is broken"};
  CHECK(rig.ask("GET", "/healthz", {}, std::nullopt).status == 200);
  const auto troubled = rig.ask("GET", "/readyz", {}, std::nullopt);
  CHECK(troubled.status == 503);
  CHECK(json::parse(troubled.body)["errors"].size() == 2);
}

namespace {

OverloadReport overload(OverloadStage stage, DiskRoom disk = DiskRoom::enough) {
  OverloadReport report;
  report.verdict = {stage, disk, "sealed audio has waited for the disk for 8.0 s", true};
  return report;
}

}  // namespace

TEST_CASE("under overload a listing waits and is then turned away; what people's rights depend on is not") {
  ControlRig rig;
  rig.overload.publish(overload(OverloadStage::admission_stops));
  const auto listing = rig.ask("GET", "/v1/ledger");
  CHECK(listing.status == 503);
  CHECK(problem_type(listing) == "overloaded");
  CHECK(header(listing, "Retry-After") == "5");
  for (const char* path : {"/v1/calls", "/healthz", "/metrics"}) CHECK(rig.ask("GET", path).status == 200);
  const std::string call = "/v1/calls/" + to_text(rig.calls.view.id);
  CHECK(rig.ask("POST", call + "/consent", R"({"participant":"a","decision":"withdrawn","signal":{"type":"api"}})")
            .status == 200);
  CHECK(rig.ask("DELETE", call).status == 200);
}

TEST_CASE("a listing that waits is answered when it is calm") {
  ControlRig rig;
  rig.overload.publish(overload(OverloadStage::queries_wait));
  HttpResponse listing;
  std::thread asks([&] { listing = rig.ask("GET", "/v1/recordings"); });
  while (rig.overload.report().queries_waited == 0) std::this_thread::yield();
  rig.overload.publish(overload(OverloadStage::calm));
  asks.join();
  CHECK(listing.status == 200);
}

TEST_CASE("readiness says when no new calls are taken, and the stage when they are") {
  ControlRig rig;
  rig.overload.publish(overload(OverloadStage::rings_shorten));
  const auto ready = rig.ask("GET", "/readyz", {}, std::nullopt);
  CHECK(ready.status == 200);
  CHECK(json::parse(ready.body)["overload"] == "rings_shorten");
  rig.overload.publish(overload(OverloadStage::admission_stops));
  const auto busy = rig.ask("GET", "/readyz", {}, std::nullopt);
  CHECK(busy.status == 503);
  CHECK(busy.body.find("waited for the disk for 8.0 s") != std::string::npos);
  CHECK(rig.ask("GET", "/metrics", {}, std::nullopt).body.find("\nassent_ready 0\n") != std::string::npos);
  rig.overload.publish(overload(OverloadStage::calm, DiskRoom::reserve));
  CHECK(rig.ask("GET", "/readyz", {}, std::nullopt).status == 503);
}

TEST_CASE("refusals for overload, a full disk and a quota are problems of their own, and say when to try again") {
  ControlRig rig;
  struct Case {
    Errc code;
    unsigned status;
    const char* type;
    const char* retry_after;
  };
  for (const Case& each :
       {Case{Errc::overloaded, 503, "overloaded", "5"}, Case{Errc::disk_full, 503, "disk-full", "30"},
        Case{Errc::over_quota, 429, "over-quota", "10"}}) {
    rig.calls.fails = error(each.code, "because");
    const auto response = rig.ask("POST", "/v1/calls", kCall, Role::ingest, {{"idempotency-key", "once"}});
    CHECK(response.status == each.status);
    CHECK(problem_type(response) == each.type);
    CHECK(header(response, "Retry-After") == each.retry_after);
  }
  // None of them is what a repetition gets when there is room.
  rig.calls.fails.reset();
  CHECK(rig.ask("POST", "/v1/calls", kCall, Role::ingest, {{"idempotency-key", "once"}}).status == 201);
}

TEST_CASE("metrics tell the stage of overload, the time in each, the queues and the disk") {
  ControlRig rig;
  OverloadReport report = overload(OverloadStage::settling_waits, DiskRoom::reserve);
  report.signs[OverloadQueue::journal] = {4500ms, 300, 1000};
  report.signs.free_disk_bytes = 1000;
  report.disk_reserve_bytes = 2000;
  report.time_in_stages[1] = 2s;
  rig.overload.publish(report);
  const std::string text = rig.ask("GET", "/metrics", {}, std::nullopt).body;
  for (const char* line :
       {"\nassent_overload_stage 2\n", "\nassent_overload_stage_seconds_total{stage=\"queries_wait\"} 2\n",
        "\nassent_queue_delay_seconds{queue=\"journal\"} 4.5\n", "\nassent_queue_fill_ratio{queue=\"journal\"} 0.3\n",
        "\nassent_disk_free_bytes 1000\n", "\nassent_disk_reserve_bytes 2000\n", "\nassent_disk_full 1\n",
        "\nassent_overload_refused_total{what=\"call\"} 0\n"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("health says whether the engine drains, and what came of the last reload") {
  ControlRig rig;
  const auto fresh = json::parse(rig.ask("GET", "/healthz", {}, std::nullopt).body);
  CHECK(fresh["draining"] == false);
  CHECK(fresh["last_reload"].is_null());
  rig.status.lived.draining = true;
  rig.status.lived.last_reload = Reload{ReloadResult::partial, WallTime(1'800'000'000s), {"notice"}, {"listen.api"}};
  const auto later = json::parse(rig.ask("GET", "/healthz", {}, std::nullopt).body);
  CHECK(later["status"] == "alive");
  CHECK(later["draining"] == true);
  CHECK(later["last_reload"] == json::parse(R"({"at": "2027-01-15T08:00:00.000Z", "result": "partial",
                                               "changed": ["notice"], "at_next_start": ["listen.api"]})"));
}

TEST_CASE("metrics count requests by operation") {
  ControlRig rig;
  rig.ask("GET", "/v1/calls");
  rig.ask("GET", "/nowhere");
  const auto response = rig.ask("GET", "/metrics", {}, std::nullopt);
  CHECK(response.content_type == kMetricsContentType);
  CHECK(response.body.find("assent_api_requests_total{operation=\"list_calls\",status=\"2xx\"} 1") !=
        std::string::npos);
  CHECK(response.body.find("assent_api_requests_total{operation=\"none\",status=\"4xx\"} 1") != std::string::npos);
}

TEST_CASE("a query parameter that is not known or out of range is refused") {
  ControlRig rig;
  for (const char* target :
       {"/v1/calls?x=1", "/v1/recordings?limit=0", "/v1/recordings?limit=101", "/v1/recordings?limit=-1",
        "/v1/recordings?limit=1x", "/v1/recordings?from=yesterday", "/v1/recordings?state=gone",
        "/v1/recordings?cursor=7", "/v1/recordings?subject=", "/v1/ledger?after=-1", "/v1/ledger?call=x",
        "/v1/ledger/verify?x", "/v1/recordings?unknown=1"}) {
    INFO(target);
    const auto response = rig.ask("GET", target);
    CHECK(response.status == 400);
    CHECK(json::parse(response.body)["errors"].size() == 1);
  }
}

TEST_CASE("no reply may be kept by a cache") {
  ControlRig rig;
  CHECK(header(rig.ask("GET", "/v1/calls"), "Cache-Control") == "no-store");
  CHECK(header(rig.ask("GET", "/v1/calls", {}, std::nullopt), "Cache-Control") == "no-store");
}

}  // namespace assent
