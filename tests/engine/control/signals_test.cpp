// POST /v1/signals/{source}, from the request to what the call is told.
#include <nlohmann/json.hpp>

#include "control_rig.h"
#include "crypto/hmac_key.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr std::string_view kSecret = "the secret that the IVR has, too";
constexpr std::string_view kGrant = R"({"call":"call-7","participant":"customer","decision":"granted"})";

std::int64_t seconds_at(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string signature(std::string_view secret, std::int64_t at_s, std::string_view body) {
  const std::string time = std::to_string(at_s);
  const HmacSha256 tag = hmac_sha256(bytes_of(secret), bytes_of(time + "." + std::string(body)));
  return "t=" + time + ",v1=" + to_hex(tag);
}

WebhookSource source(std::string name, std::initializer_list<std::string_view> secrets = {kSecret}) {
  WebhookSource made;
  made.name = std::move(name);
  for (const std::string_view secret : secrets) made.secrets.emplace_back(bytes_of(secret));
  return made;
}

// An API with an IVR that may sign, and a call in progress.
struct SignalRig : ControlRig {
  SignalRig() {
    std::vector<WebhookSource> sources;
    sources.push_back(source("ivr"));
    webhooks.replace(std::move(sources));
    ConsentRecordView record;
    record.id = new_id<ConsentId>(kStart);
    record.participant = "customer";
    calls.records = {record};
  }

  HttpResponse send(std::string_view body, const std::string& header, const std::string& to = "ivr") {
    return ask("POST", "/v1/signals/" + to, std::string(body), std::nullopt,
               header.empty() ? std::map<std::string, std::string>{}
                              : std::map<std::string, std::string>{{"assent-signature", header}});
  }
  HttpResponse tell(std::string_view body) { return send(body, signature(kSecret, seconds_at(wall), body)); }
  std::uint64_t count(SignalFate fate) {
    return webhooks.counters().sources.at(0).fates.at(static_cast<std::size_t>(fate));
  }
  std::string refused(const HttpResponse& response) {
    CHECK(response.content_type == "application/problem+json");
    CHECK(calls.asked.empty());
    return json::parse(response.body).value("type", "");
  }
};

}  // namespace

TEST_CASE("a signed decision reaches the call as the webhook's, with purposes and notice") {
  SignalRig rig;
  const auto response =
      rig.tell(R"({"call":"call-7","participant":"customer","decision":"denied","purposes":["quality"],)"
               R"("notice":{"id":"n","version":"2","language":"de"}})");
  REQUIRE(response.status == 200);
  CHECK(json::parse(response.body)["id"] == to_text(rig.calls.records[0].id));
  CHECK(rig.calls.asked == std::vector<std::string>{"decide denied by ivr"});
  CHECK(rig.calls.last_caller.by == Caller::By::webhook);
  CHECK(rig.calls.last_consent.participant == "customer");
  CHECK(rig.calls.last_consent.signal_type == "webhook");
  CHECK(rig.calls.last_consent.signal_value == "ivr");
  CHECK(rig.calls.last_consent.purposes == std::vector<std::string>{"quality"});
  CHECK(rig.calls.last_consent.notice->language == "de");
  CHECK(rig.count(SignalFate::accepted) == 1);
}

TEST_CASE("a call may be named by its id") {
  SignalRig rig;
  CHECK(rig.tell(R"({"call":")" + to_text(rig.calls.view.id) + R"(","participant":"customer","decision":"granted"})")
            .status == 200);
}

TEST_CASE("without a right signature nothing is asked of the call") {
  SignalRig rig;
  const std::int64_t now = seconds_at(rig.wall);
  const std::string right = signature(kSecret, now, kGrant);
  const std::string other_body = R"({"call":"call-7","participant":"agent","decision":"granted"})";
  const std::string wrong[] = {std::string(), "nonsense", signature("another secret of a source", now, kGrant),
                               signature(kSecret, now, other_body),
                               // The time is signed, too.
                               "t=" + std::to_string(now + 1) + right.substr(right.find(','))};
  for (const std::string& header : wrong) {
    INFO(header);
    const auto response = rig.send(kGrant, header);
    CHECK(response.status == 401);
    CHECK(rig.refused(response) == "urn:assent:problem:bad-signature");
  }
  CHECK(rig.count(SignalFate::bad_signature) == std::size(wrong));
}

TEST_CASE("a token does not take a signature's place") {
  SignalRig rig;
  CHECK(rig.ask("POST", "/v1/signals/ivr", std::string(kGrant), Role::admin).status == 401);
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("an unknown source is answered like a wrong signature, and counted apart") {
  SignalRig rig;
  const auto unknown = rig.send(kGrant, signature(kSecret, seconds_at(rig.wall), kGrant), "nobody");
  const auto wrong = rig.send(kGrant, signature("x", seconds_at(rig.wall), kGrant));
  CHECK(unknown.status == 401);
  CHECK(unknown.body == wrong.body);
  CHECK(rig.webhooks.counters().unknown_source == 1);
  CHECK(rig.calls.asked.empty());
}

TEST_CASE("a signature is good for the window before and after now, and no longer") {
  SignalRig rig;
  const std::int64_t now = seconds_at(rig.wall);
  for (const std::int64_t off : {-301, 301}) {
    const auto response = rig.send(kGrant, signature(kSecret, now + off, kGrant));
    CHECK(response.status == 401);
    CHECK(rig.refused(response) == "urn:assent:problem:stale-signature");
  }
  CHECK(rig.count(SignalFate::stale) == 2);
  for (const std::int64_t off : {-300, 300}) {
    CHECK(rig.send(kGrant, signature(kSecret, now + off, kGrant)).status == 200);
  }
}

TEST_CASE("a signature that comes twice decides once and gets the same reply") {
  SignalRig rig;
  const auto first = rig.tell(kGrant);
  const auto again = rig.tell(kGrant);
  CHECK(again.status == 200);
  CHECK(again.body == first.body);
  CHECK(rig.calls.asked.size() == 1);
  CHECK(rig.count(SignalFate::repeated) == 1);
  rig.wall += 1s;  // signed anew it is another one
  CHECK(rig.tell(kGrant).status == 200);
  CHECK(rig.calls.asked.size() == 2);
}

TEST_CASE("an id that comes twice decides once, also when it is signed anew, and never for another decision") {
  SignalRig rig;
  const std::string body = R"({"id":"event-1","call":"call-7","participant":"customer","decision":"granted"})";
  CHECK(rig.tell(body).status == 200);
  rig.wall += 30s;
  CHECK(rig.tell(body).status == 200);
  CHECK(rig.calls.asked.size() == 1);
  const auto other = rig.tell(R"({"id":"event-1","call":"call-7","participant":"customer","decision":"withdrawn"})");
  CHECK(other.status == 422);
  CHECK(rig.calls.asked.size() == 1);
  CHECK(rig.count(SignalFate::reused_id) == 1);
}

TEST_CASE("what could not be done can be sent again") {
  SignalRig rig;
  rig.calls.fails = error(Errc::unavailable, "the catalog does not answer");
  CHECK(rig.tell(kGrant).status == 503);
  rig.calls.fails.reset();
  CHECK(rig.tell(kGrant).status == 200);
  CHECK(rig.count(SignalFate::refused) == 1);
  CHECK(rig.count(SignalFate::accepted) == 1);
}

TEST_CASE("either of two secrets signs while one takes the other's place") {
  SignalRig rig;
  std::vector<WebhookSource> both;
  both.push_back(source("ivr", {"the new secret of the IVR", kSecret}));
  rig.webhooks.replace(std::move(both));
  const std::int64_t now = seconds_at(rig.wall);
  CHECK(rig.send(kGrant, signature(kSecret, now, kGrant)).status == 200);
  // The same message by the other secret is the same message.
  CHECK(rig.send(kGrant, signature("the new secret of the IVR", now, kGrant)).status == 200);
  CHECK(rig.calls.asked.size() == 1);
  std::vector<WebhookSource> one;
  one.push_back(source("ivr", {"the new secret of the IVR"}));
  rig.webhooks.replace(std::move(one));
  CHECK(rig.send(kGrant, signature(kSecret, now, kGrant)).status == 401);
  CHECK(rig.count(SignalFate::repeated) == 1);  // counts and memory outlive the change
}

TEST_CASE("a source of one tenant does not see the calls of another") {
  SignalRig rig;
  std::vector<WebhookSource> sources;
  sources.push_back(source("ivr"));
  sources.back().tenant = "acme";
  rig.webhooks.replace(std::move(sources));
  CHECK(rig.tell(kGrant).status == 404);
  rig.calls.view.tenant = "acme";
  CHECK(rig.tell(kGrant).status == 200);
}

TEST_CASE("a signal that is signed and says nonsense is refused with what is wrong") {
  SignalRig rig;
  CHECK(rig.tell("not json").status == 400);
  CHECK(rig.tell(R"({"call":"call-7","participant":"customer","decision":"expired"})").status == 422);
  CHECK(rig.tell(R"({"participant":"customer","decision":"granted"})").status == 422);
  // Who says so is not the body's to say.
  CHECK(rig.tell(R"({"call":"call-7","participant":"c","decision":"granted","signal":{"type":"dtmf"}})").status == 422);
  CHECK(rig.tell(R"({"call":"another","participant":"customer","decision":"granted"})").status == 404);
  CHECK(rig.calls.asked.empty());
  CHECK(rig.count(SignalFate::refused) == 5);
}

TEST_CASE("no caller of the API can pass a decision off as a webhook's") {
  ControlRig rig;
  CHECK(rig.ask("POST", "/v1/calls/" + to_text(rig.calls.view.id) + "/consent",
                R"({"participant":"c","decision":"granted","signal":{"type":"webhook","value":"ivr"}})")
            .status == 422);
}

TEST_CASE("signals are counted by source and by what became of them") {
  SignalRig rig;
  (void)rig.tell(kGrant);
  (void)rig.send(kGrant, "");
  (void)rig.send(kGrant, "", "nobody");
  const std::string text = rig.ask("GET", "/metrics", "", std::nullopt).body;
  CHECK(text.find("assent_webhook_signals_total{source=\"ivr\",result=\"accepted\"} 1") != std::string::npos);
  CHECK(text.find("assent_webhook_signals_total{source=\"ivr\",result=\"bad_signature\"} 1") != std::string::npos);
  CHECK(text.find("assent_webhook_unknown_source_total 1") != std::string::npos);
}

}  // namespace assent
