// The commands that talk to an engine, against a server that answers as the API does.
#include "tools/assent/commands.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>

#include "catch.h"
#include "engine/control/http_server.h"
#include "tests/tools/temporary_folder.h"
#include "tools/assent/api_client.h"

namespace assent {
namespace {

constexpr const char* kId = "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6";

// Answers every request with what the test says, and keeps what was asked.
class AnsweringEngine {
 public:
  explicit AnsweringEngine(std::vector<HttpResponse> answers) : answers_(std::move(answers)) {
    auto server = HttpServer::listen(
        *parse_endpoint("127.0.0.1:0"), [this](const HttpRequest& request) { return answer(request); },
        [](unsigned status, std::string_view) {
          return HttpResponse{status, {}, {}, {}, {}};
        });
    REQUIRE(server);
    server_ = std::move(*server);
  }
  ~AnsweringEngine() { server_->stop(milliseconds(1000)); }

  EngineReach reach() const { return {server_->endpoint(), "secret", std::nullopt}; }
  std::vector<HttpRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  HttpResponse answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return answers_.at(std::min(requests_.size(), answers_.size()) - 1);
  }

  std::mutex mutex_;
  std::vector<HttpResponse> answers_;
  std::vector<HttpRequest> requests_;
  std::unique_ptr<HttpServer> server_;
};

HttpResponse json_answer(unsigned status, std::string body) {
  return {status, "application/json", {}, std::move(body), std::nullopt};
}

struct Performed {
  ExitStatus status;
  std::string out;
  std::string err;
};

template <typename T>
Performed performed(const T& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  const ExitStatus status = perform(arguments, console);
  return {status, out.str(), err.str()};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a query is percent-encoded, and empty parameters are left out") {
  CHECK(target_of("/v1/recordings", {}) == "/v1/recordings");
  CHECK(target_of("/v1/recordings", {{"subject", "Zoë & co/1"}, {"tenant", ""}, {"state", "open"}}) ==
        "/v1/recordings?subject=Zo%C3%AB%20%26%20co%2F1&state=open");
}

TEST_CASE("a token that could forge a header is refused before it is sent") {
  CHECK(!ApiClient::create(*parse_endpoint("127.0.0.1:1"), "a\r\nX-Evil: 1"));
  CHECK(!ApiClient::create(*parse_endpoint("127.0.0.1:1"), ""));
}

TEST_CASE("calls shows the live calls with their gates and consents") {
  AnsweringEngine engine({json_answer(200, R"({"calls": [{"id": "c1", "ref": "order\u001b[2J", "policy": "all-party",
    "created": "2026-11-24T22:59:00.000Z", "legs": [{"gate": "holding"}, {"gate": "open"}],
    "participants": [{"ref": "customer", "consents": [{"purpose": "quality", "state": "granted"}]}]}]})")});
  const auto shown = performed(CallsArguments{engine.reach(), std::nullopt, Output::text});
  CHECK(shown.status == ExitStatus::ok);
  CHECK(contains(shown.out, "holding open"));
  CHECK(contains(shown.out, "customer: quality granted"));
  CHECK(!contains(shown.out, "\x1B"));
  REQUIRE(engine.requests().size() == 1);
  CHECK(engine.requests()[0].path == "/v1/calls");
  CHECK(engine.requests()[0].headers.at("authorization") == "Bearer secret");
}

TEST_CASE("JSON output is the engine's answer") {
  AnsweringEngine engine({json_answer(200, R"({"calls": []})")});
  const auto shown = performed(CallsArguments{engine.reach(), std::nullopt, Output::json});
  CHECK(shown.status == ExitStatus::ok);
  CHECK(shown.out == "{\n  \"calls\": []\n}\n");
}

TEST_CASE("consent sends the decision with its purposes and says what is on record") {
  AnsweringEngine engine({json_answer(200, R"({"records": [{"participant": "customer", "purpose": "quality",
    "decision": "granted", "at": "2026-11-24T22:59:00.000Z", "id": "r1"}]})")});
  const auto done = performed(
      ConsentArguments{engine.reach(), *parse_id<CallId>(kId), "customer", "granted", {"quality"}, Output::text});
  CHECK(done.status == ExitStatus::ok);
  CHECK(done.out == "on record: customer, quality, granted at 2026-11-24T22:59:00.000Z (r1)\n");
  REQUIRE(engine.requests().size() == 1);
  CHECK(engine.requests()[0].method == "POST");
  CHECK(engine.requests()[0].path == std::string("/v1/calls/") + kId + "/consent");
  CHECK(
      engine.requests()[0].body ==
      R"({"participant":"customer","decision":"granted","signal":{"type":"api","value":"command line"},"purposes":["quality"]})");
}

TEST_CASE("withdraw says what changed in which call, and which erasures began") {
  AnsweringEngine engine({json_answer(200, R"({"subject": "s1", "standing_consents": ["f1"], "calls": [
    {"call": "c1", "state": "live", "records": [{"id": "r1", "participant": "customer", "purpose": "quality",
     "decision": "withdrawn"}], "erasure": null},
    {"call": "c2", "state": "ended", "records": [], "erasure": "e2"}]})"),
                          json_answer(200, R"({"subject": "s1", "standing_consents": [], "calls": []})")});
  WithdrawArguments arguments;
  arguments.engine = engine.reach();
  arguments.subject = "Zoë 1";
  arguments.purposes = {"quality"};
  const auto done = performed(arguments);
  CHECK(done.status == ExitStatus::ok);
  CHECK(contains(done.out, "on file: f1 withdrawn\n"));
  CHECK(contains(done.out, "c1    live   quality  withdrawn"));
  CHECK(contains(done.out, "goes on    e2"));
  CHECK(contains(performed(arguments).out, "nothing changed"));
  REQUIRE(engine.requests().size() == 2);
  CHECK(engine.requests()[0].method == "POST");
  CHECK(engine.requests()[0].path == "/v1/subjects/Zoë 1/withdraw");
  CHECK(engine.requests()[0].body == R"({"signal":{"type":"api","value":"command line"},"purposes":["quality"]})");
}

TEST_CASE("consents on file are listed, put there and withdrawn") {
  AnsweringEngine engine({json_answer(200, R"({"standing_consents": [{"id": "f1", "state": "valid",
    "purposes": ["quality", "training"], "from": "2026-11-24T22:59:00.000Z", "until": null, "evidence": "drawer"}]})"),
                          json_answer(201, R"({"id": "f2", "state": "valid", "purposes": ["quality"]})"),
                          json_answer(200, R"({"id": "f2", "state": "withdrawn"})")});
  StandingArguments arguments;
  arguments.engine = engine.reach();
  arguments.subject = "agent-7";
  CHECK(contains(performed(arguments).out, "f1       valid  quality, training"));
  arguments.act = StandingArguments::Act::add;
  arguments.purposes = {"quality"};
  arguments.until = parse_rfc3339("2027-12-31T00:00:00Z");
  arguments.notice = NoticeArgument{"n", "2", ""};
  CHECK(performed(arguments).out == "on file: f2, valid, for quality\n");
  arguments.act = StandingArguments::Act::withdraw;
  arguments.consent = *parse_id<StandingId>(kId);
  CHECK(contains(performed(arguments).out, "f2 withdrawn"));
  const auto requests = engine.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].method == "GET");
  CHECK(requests[1].body ==
        R"({"purposes":["quality"],"until":"2027-12-31T00:00:00.000Z","notice":{"id":"n","version":"2"}})");
  CHECK(requests[2].path == "/v1/subjects/agent-7/standing-consents/" + std::string(kId) + "/withdraw");
}

TEST_CASE("notices and purposes are listed, and put on record") {
  AnsweringEngine engine({json_answer(200, R"({"notices": [{"id": "n", "version": "1", "language": "en",
    "text": "We record\nthis call.", "created": "2026-11-24T22:59:00.000Z"}]})"),
                          json_answer(201, R"({"id": "n", "version": "2", "language": "en", "hash": "abc"})"),
                          json_answer(200, R"({"purposes": []})"),
                          json_answer(201, R"({"id": "training", "version": "1"})")});
  NoticesArguments notices;
  notices.engine = engine.reach();
  CHECK(contains(performed(notices).out, "We record?this call."));
  notices.act = NoticesArguments::Act::add;
  notices.id = "n";
  notices.version = "2";
  notices.language = "en";
  notices.text = "We record.";
  CHECK(contains(performed(notices).out, "version 2 in en, SHA-256 abc"));
  PurposesArguments purposes;
  purposes.engine = engine.reach();
  CHECK(performed(purposes).out == "none is on record\n");
  purposes.act = PurposesArguments::Act::add;
  purposes.id = "training";
  purposes.description = "D";
  purposes.retention_hours = 48;
  CHECK(contains(performed(purposes).out, "on record: training, version 1"));
  const auto requests = engine.requests();
  CHECK(requests[1].body == R"({"id":"n","version":"2","language":"en","text":"We record."})");
  CHECK(
      requests[3].body ==
      R"({"id":"training","version":"1","description":"D","lawful_basis":"consent","processors":[],"retention_hours":48})");
}

TEST_CASE("a hold is placed, listed with what waits for it, and released") {
  AnsweringEngine engine(
      {json_answer(201, R"({"id": "h1", "on": "subject", "until": null})"),
       json_answer(200, R"({"holds": [{"id": "h1", "state": "standing", "on": "subject", "subject": "s1",
    "placed": "2026-11-24T22:59:00.000Z", "until": null, "reason": "case 1", "waiting": ["e1", "e2"]}], "cursor": null})"),
       json_answer(200, R"({"id": "h1", "state": "released"})")});
  HoldArguments arguments;
  arguments.engine = engine.reach();
  arguments.act = HoldArguments::Act::place;
  arguments.on = HoldTarget::subject;
  arguments.target = "customer-1";
  arguments.reason = "case 1";
  CHECK(contains(performed(arguments).out, "hold h1 stands until it is released"));
  arguments.act = HoldArguments::Act::list;
  CHECK(contains(performed(arguments).out, "case 1  e1, e2"));
  arguments.act = HoldArguments::Act::release;
  arguments.hold = *parse_id<HoldId>(kId);
  arguments.reason = "case 1 closed";
  CHECK(contains(performed(arguments).out, "h1 is released"));
  const auto requests = engine.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].body == R"({"on":"subject","id":"customer-1","reason":"case 1"})");
  CHECK(requests[2].method == "DELETE");
  CHECK(requests[2].path == "/v1/holds/" + std::string(kId));
  CHECK(requests[2].query.at("reason") == "case 1 closed");
}

TEST_CASE("a deletion that waits for a hold says which, and destroys nothing yet: exit status 1") {
  AnsweringEngine engine({json_answer(202, R"({"id": "e1", "state": "held", "steps": [{"step": "held", "at": "",
    "what": "held by hold h1 on a call, until it is released: case 1"}]})")});
  DeleteArguments arguments;
  arguments.engine = engine.reach();
  arguments.recording = *parse_id<RecordingId>(kId);
  arguments.confirm = DeleteArguments::Confirm::given;
  const auto done = performed(arguments);
  CHECK(done.status == ExitStatus::failed);
  CHECK(contains(done.err, "erasure e1 is held by hold h1 on a call, until it is released: case 1"));
}

TEST_CASE("a problem becomes a sentence with the wrong fields, and exit status 1") {
  AnsweringEngine engine({json_answer(422, R"({"title": "Invalid", "detail": "a value is not allowed",
    "errors": [{"pointer": "/purposes/0", "detail": "unknown purpose"}]})")});
  const auto done =
      performed(ConsentArguments{engine.reach(), *parse_id<CallId>(kId), "customer", "granted", {"x"}, Output::text});
  CHECK(done.status == ExitStatus::failed);
  CHECK(done.out.empty());
  CHECK(done.err == "assent: a value is not allowed\n  /purposes/0: unknown purpose\n");
}

TEST_CASE("a token the engine does not know says where tokens come from") {
  AnsweringEngine engine({json_answer(401, R"({"title": "Unknown token"})")});
  const auto done = performed(CallsArguments{engine.reach(), std::nullopt, Output::text});
  CHECK(done.status == ExitStatus::failed);
  CHECK(contains(done.err, "ASSENT_TOKEN"));
}

TEST_CASE("where nobody answers, the address is named") {
  EngineReach nowhere;
  {
    AnsweringEngine engine({json_answer(200, "{}")});
    nowhere = engine.reach();
  }
  const auto done = performed(CallsArguments{nowhere, std::nullopt, Output::text});
  CHECK(done.status == ExitStatus::failed);
  CHECK(contains(done.err, "no engine answers at http://" + to_text(*nowhere.api)));
}

TEST_CASE("an answer that is not JSON is not taken for one") {
  AnsweringEngine engine({json_answer(200, "<html>")});
  CHECK(performed(CallsArguments{engine.reach(), std::nullopt, Output::text}).status == ExitStatus::failed);
}

TEST_CASE("recordings are fetched page by page") {
  AnsweringEngine engine({json_answer(200, R"({"recordings": [{"id": "r1", "state": "complete"}], "cursor": "r1"})"),
                          json_answer(200, R"({"recordings": [{"id": "r2", "state": "open"}], "cursor": null})")});
  RecordingsArguments arguments;
  arguments.engine = engine.reach();
  arguments.state = "complete";
  const auto shown = performed(arguments);
  CHECK(shown.status == ExitStatus::ok);
  CHECK(contains(shown.out, "r1"));
  CHECK(contains(shown.out, "r2"));
  const auto requests = engine.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].query.at("state") == "complete");
  CHECK(requests[0].query.count("cursor") == 0);
  CHECK(requests[1].query.at("cursor") == "r1");
}

TEST_CASE("show draws the waveform for a purpose") {
  AnsweringEngine engine(
      {json_answer(200, R"({"id": "r1", "state": "complete"})"),
       json_answer(200, R"({"legs": [{"id": "l1", "label": "agent", "peaks": [[0, 0], [-32768, 32767]]}]})")});
  ShowArguments arguments;
  arguments.engine = engine.reach();
  arguments.recording = *parse_id<RecordingId>(kId);
  arguments.wave_purpose = "quality";
  const auto shown = performed(arguments);
  CHECK(shown.status == ExitStatus::ok);
  CHECK(contains(shown.out, "agent\n"));
  CHECK(contains(shown.out, "█"));
  CHECK(engine.requests().at(1).query.at("purpose") == "quality");
}

TEST_CASE("a purpose nobody consented to is refused, and nothing is drawn") {
  AnsweringEngine engine({json_answer(200, R"({"id": "r1"})"), json_answer(403, R"({"title": "Not consented"})")});
  ShowArguments arguments;
  arguments.engine = engine.reach();
  arguments.wave_purpose = "training";
  const auto shown = performed(arguments);
  CHECK(shown.status == ExitStatus::failed);
  CHECK(contains(shown.err, "Not consented"));
}

TEST_CASE("a ledger whose chain is broken is exit status 1") {
  AnsweringEngine engine({json_answer(200, R"({"intact": false, "fault": "entry 7 does not follow"})")});
  LedgerArguments arguments;
  arguments.act = LedgerArguments::Act::verify;
  arguments.engine = engine.reach();
  const auto shown = performed(arguments);
  CHECK(shown.status == ExitStatus::failed);
  CHECK(contains(shown.out, "BROKEN: entry 7 does not follow"));
}

TEST_CASE("verifying the ledger by an engine passes on the head that was noted, and says what was found") {
  AnsweringEngine engine(
      {json_answer(200, R"({"intact": true, "records": 7, "head": "7:ab", "end": "proven", "checkpoints": 1,
      "last_checkpoint": {"seq": 5, "at": "2026-11-24T22:59:00Z"}, "public_key": "cd"})")});
  LedgerArguments arguments;
  arguments.act = LedgerArguments::Act::verify;
  arguments.engine = engine.reach();
  arguments.expect_head = LedgerHead{3, {}};
  const auto shown = performed(arguments);
  CHECK(shown.status == ExitStatus::ok);
  CHECK(contains(shown.out, "intact: 7 records"));
  CHECK(contains(shown.out, "the last at record 5"));
  CHECK(contains(shown.out, "7:ab"));
  CHECK_FALSE(contains(shown.out, "cannot be shown"));
  CHECK(engine.requests().at(0).query.at("expect_head") == "3:" + std::string(64, '0'));
}

TEST_CASE("delete that was told yes asks nobody, and reports the erasure") {
  AnsweringEngine engine({json_answer(200, R"({"id": "e1", "state": "done", "steps": []})")});
  DeleteArguments arguments;
  arguments.engine = engine.reach();
  arguments.recording = *parse_id<RecordingId>(kId);
  arguments.confirm = DeleteArguments::Confirm::given;
  const auto done = performed(arguments);
  CHECK(done.status == ExitStatus::ok);
  CHECK(contains(done.out, "is destroyed (erasure e1, no receipt: the engine gives none)"));
  REQUIRE(engine.requests().size() == 1);
  CHECK(engine.requests()[0].method == "DELETE");
}

TEST_CASE("delete keeps the receipt in a file of its own, and destroys nothing when there is one of that name") {
  TemporaryFolder folder;
  const char* const answer = R"({"id": "e1", "state": "done", "steps": [], "receipt": {"id": "r1", "jws": "a.b.c"}})";
  AnsweringEngine engine({json_answer(200, answer)});
  DeleteArguments arguments;
  arguments.engine = engine.reach();
  arguments.recording = *parse_id<RecordingId>(kId);
  arguments.confirm = DeleteArguments::Confirm::given;
  arguments.receipt = folder.path / "receipt.jws";
  const auto done = performed(arguments);
  CHECK(done.status == ExitStatus::ok);
  CHECK(contains(done.out, "receipt r1"));
  std::ifstream file(*arguments.receipt);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "a.b.c\n");
  CHECK((std::filesystem::status(*arguments.receipt).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const auto again = performed(arguments);
  CHECK(again.status == ExitStatus::failed);
  CHECK(contains(again.err, "exists already"));
  CHECK(engine.requests().size() == 1);
}

TEST_CASE("delete without the receipt that was asked for fails, and says that it is done") {
  TemporaryFolder folder;
  AnsweringEngine engine(
      {json_answer(200, R"({"id": "e1", "state": "done", "steps": [], "no_receipt": "the ledger has no key"})")});
  DeleteArguments arguments;
  arguments.engine = engine.reach();
  arguments.recording = *parse_id<RecordingId>(kId);
  arguments.confirm = DeleteArguments::Confirm::given;
  arguments.receipt = folder.path / "receipt.jws";
  const auto done = performed(arguments);
  CHECK(done.status == ExitStatus::failed);
  CHECK(contains(done.err, "it is done, but there is no receipt: the ledger has no key"));
  CHECK_FALSE(std::filesystem::exists(*arguments.receipt));
}

}  // namespace assent
