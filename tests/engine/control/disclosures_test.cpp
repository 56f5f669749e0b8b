#include "engine/control/disclosures.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../disclosure/read_zip.h"
#include "../disclosure/vcon_schema.h"
#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;
using Files = std::map<std::string, std::string>;

struct Exporting {
  ControlRig rig;

  std::filesystem::path folder() const { return rig.folder.path / "exports"; }

  // Of this person; its id.
  std::string begin(SubjectId subject, const std::string& body = "{}") {
    const auto response = rig.ask("POST", "/v1/subjects/" + to_text(subject) + "/export", body);
    REQUIRE(response.status == 202);
    return json::parse(response.body)["id"];
  }
  json show(const std::string& id) {
    const auto response = rig.ask("GET", "/v1/exports/" + id);
    REQUIRE(response.status == 200);
    return json::parse(response.body);
  }
  std::string made(SubjectId subject) {
    const std::string id = begin(subject);
    rig.disclosures->wait_until_idle();
    const json shown = show(id);
    INFO(shown.dump());
    REQUIRE(shown["state"] == "ready");
    return id;
  }
  HttpResponse download(const std::string& id, const std::map<std::string, std::string>& headers = {}) {
    return rig.ask("GET", "/v1/exports/" + id + "/archive", {}, Role::admin, headers);
  }
  std::string bytes(const std::string& id) {
    auto response = download(id);
    REQUIRE(response.status == 200);
    return read_stream(*response.stream);
  }
  Files files(const std::string& id) { return read_zip(bytes_of(bytes(id))); }
  std::vector<std::string> steps() {
    std::vector<std::string> found;
    for (const LedgerRow& row : rig.ledger()) {
      if (row.kind == "disclosure") found.push_back(json::parse(row.body_json)["step"]);
    }
    return found;
  }
};

bool holds(const Files& files, const std::string& text) {
  return std::any_of(files.begin(), files.end(),
                     [&](const auto& file) { return file.second.find(text) != std::string::npos; });
}

std::string wav_of(const RecordedCall& call, std::size_t leg) {
  return "calls/" + to_text(call.call) + "/" + to_text(call.legs[leg].id) + ".wav";
}

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

// A test's own, with a clock that it sets.
struct Clocked {
  ControlRig rig;
  RecordedCall call = rig.record_call();
  std::atomic<std::int64_t> later_s = 0;
  std::atomic<bool> disk_is_low = false;
  std::optional<Disclosures> disclosures;

  void start() {
    disclosures.emplace(Disclosures::Parts{*rig.catalog, *rig.writer, rig.keys, rig.store, rig.renderer, rig.receipts,
                                           rig.standing, rig.folder.disk, rig.folder.path / "clocked",
                                           [](const std::string&) {},
                                           [this] {
                                             Now now = read_clocks();
                                             now.wall += seconds(later_s.load());
                                             return now;
                                           },
                                           [this]() -> Result<void> {
                                             if (!disk_is_low) return {};
                                             return error(Errc::disk_full, "low");
                                           }});
    must(disclosures->resume());
  }
  ExportJob made() {
    const auto job = must(disclosures->begin({to_text(call.subjects[0]), {}}, {}, {"tester"}));
    disclosures->wait_until_idle();
    return must(disclosures->show(job.id));
  }
};

}  // namespace

TEST_CASE("a person gets what they said themselves and not what the other said, and finds who they were") {
  Exporting exporting;
  RecordSpec spec;
  spec.segments = 3;
  spec.uses = {AudioUse::evidence, AudioUse::both, AudioUse::recording};
  const auto call = exporting.rig.record_call(spec);
  exporting.rig.consent_all(call, "quality");
  const Files files = exporting.files(exporting.made(call.subjects[0]));
  CHECK(files.at(wav_of(call, 0)) == leg_bytes(spec, 0));  // the spoken answer, too
  CHECK_FALSE(files.contains(wav_of(call, 1)));
  CHECK_FALSE(holds(files, std::string(12, static_cast<char>(packet_byte(1, 1, 1)))));
  CHECK_FALSE(holds(files, "Name of agent"));
  CHECK_FALSE(holds(files, "agent-1"));
  const json vcon = json::parse(files.at("calls/" + to_text(call.call) + "/vcon.json"));
  CHECK(VconCheck::faults_of(vcon) == std::vector<std::string>{});
  CHECK(vcon["parties"][0]["name"] == "Name of customer");
  CHECK(vcon["parties"][1] == json{{"type", "person"}, {"role", "role-agent"}});
  const json person = json::parse(files.at("person.json"));
  CHECK(person["reference"] == "customer-1");
  CHECK(person["calls"][0]["ref"] == "the-ref");
  CHECK(person["calls"][0]["consents"].size() == 1);
  CHECK(files.at("index.html").find("Name of customer") != std::string::npos);
  for (const char* name : {"README.txt", "manifest.json"}) CHECK(files.contains(name));
}

TEST_CASE("what the other said is in it where their own consent covers disclosure, whatever the policy") {
  for (const std::string policy : {"all-party", "per-party", "one-party"}) {
    INFO(policy);
    Exporting exporting;
    RecordSpec spec;
    spec.policy = policy;
    const auto call = exporting.rig.record_call(spec);
    exporting.rig.consent(call, 0, "disclosure", "granted");  // the person's own is no consent of the other's
    CHECK_FALSE(exporting.files(exporting.made(call.subjects[0])).contains(wav_of(call, 1)));
    exporting.rig.consent(call, 1, "disclosure", "granted");
    const std::string id = exporting.made(call.subjects[0]);
    const Files files = exporting.files(id);
    CHECK(files.at(wav_of(call, 1)) == leg_bytes(spec, 1));
    CHECK_FALSE(holds(files, "Name of agent"));
    exporting.rig.consent(call, 1, "disclosure", "withdrawn");
    CHECK(exporting.download(id).status == 409);
    CHECK_FALSE(exporting.files(exporting.made(call.subjects[0])).contains(wav_of(call, 1)));
  }
}

TEST_CASE("what was withdrawn is given, for as long as it is there") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  exporting.rig.consent_all(call, "quality");
  exporting.rig.consent(call, 0, "quality", "withdrawn");
  const Files files = exporting.files(exporting.made(call.subjects[0]));
  CHECK(files.at(wav_of(call, 0)) == leg_bytes({}, 0));
  CHECK(files.at("index.html").find("You took back your consent to quality") != std::string::npos);
}

TEST_CASE("a recording that was erased is named with the time, and nothing of it is there") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  exporting.rig.consent_all(call, "quality");
  REQUIRE(exporting.rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).status == 200);
  const Files files = exporting.files(exporting.made(call.subjects[0]));
  CHECK_FALSE(files.contains(wav_of(call, 0)));
  const json person = json::parse(files.at("person.json"));
  CHECK(person["calls"][0]["not_there"][0]["what"] == "recording");
  CHECK(person["calls"][0]["not_there"][0]["at"].is_string());
}

TEST_CASE("notes, consents on file and accesses are in it") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  exporting.rig.consent(call, 0, "quality", "granted", {}, "form 12");
  exporting.rig.consent(call, 1, "quality", "granted", {}, "form 13");
  REQUIRE(exporting.rig.ask("POST", "/v1/calls/" + to_text(call.call) + "/notes", R"({"text":"a <note>"})").status ==
          201);
  REQUIRE(exporting.rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio?purpose=quality").status ==
          200);
  REQUIRE(exporting.rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio?purpose=training").status ==
          403);
  REQUIRE(
      exporting.rig
          .ask("POST", "/v1/subjects/customer-1/standing-consents", R"({"purposes":["quality"],"evidence":"drawer 7"})")
          .status == 201);
  const Files files = exporting.files(exporting.made(call.subjects[0]));
  const json person = json::parse(files.at("person.json"));
  CHECK(person["consents_on_file"][0]["evidence"] == "drawer 7");
  CHECK(person["calls"][0]["notes"][0]["text"] == "a <note>");
  REQUIRE(person["calls"][0]["consents"].size() == 1);
  CHECK(person["calls"][0]["consents"][0]["signal"]["value"] == "form 12");
  for (const auto& [name, content] : files) CHECK(content.find("form 13") == std::string::npos);
  const json accesses = person["calls"][0]["accesses"];
  REQUIRE(accesses.size() == 2);
  CHECK(accesses[0]["kind"] == "access");
  CHECK(accesses[1]["kind"] == "refusal");
  CHECK(files.at("index.html").find("a &lt;note&gt;") != std::string::npos);
  CHECK(files.at("index.html").find("drawer 7") != std::string::npos);
  // Of the consents in the ledger theirs, and not the other's; and that this was asked for.
  std::size_t consents = 0;
  std::size_t disclosures = 0;
  for (const json& record : person["ledger"]) {
    if (record["kind"] == "consent") ++consents;
    if (record["kind"] == "disclosure") ++disclosures;
    CHECK(record["body"].value("participant", "") != to_text(call.participants[1]));
  }
  CHECK(consents == 1);
  CHECK(disclosures == 1);
}

TEST_CASE("who received it, how long it is kept, and what the law keeps it for, is in it") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  exporting.rig.consent_all(call, "quality");
  const WallTime now = exporting.rig.wall;
  must(exporting.rig.writer->book_and_wait(
      {booking::SetProcessors{
           {{"stt", R"(["quality"])", "stt.example", now}, {"crm", R"(["training"])", "crm.example", now}}, now},
       booking::PlaceHold{
           {new_id<HoldId>(now), HoldTarget::call, call.call.bytes, "case 2026-7", "tester", now, std::nullopt}}}));
  const Files files = exporting.files(exporting.made(call.subjects[0]));
  const json told = json::parse(files.at("person.json"))["calls"][0];
  REQUIRE(told["recipients"].size() == 1);
  const std::string who = told["recipients"][0]["recipients"].back();
  CHECK(who.starts_with("stt (stt.example, since "));
  CHECK_FALSE(holds(files, "crm.example"));
  CHECK(told["legal_holds"][0]["reason"] == "case 2026-7");
  CHECK(told["recording"].contains("expires"));
  CHECK(files.at("index.html").find("case 2026-7") != std::string::npos);
  CHECK(files.at("index.html").find("stt.example") != std::string::npos);
}

TEST_CASE("nothing of an export lies in the clear") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  exporting.rig.consent_all(call, "quality");
  exporting.made(call.subjects[0]);
  for (const auto& entry : std::filesystem::directory_iterator(exporting.folder())) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    for (const std::string& marker : {std::string("Name of"), std::string("customer-1"), std::string("README"),
                                      std::string(12, static_cast<char>(packet_byte(0, 1, 1)))}) {
      CHECK(content.find(marker) == std::string::npos);
    }
  }
}

TEST_CASE("an archive is read in parts, and each is on record") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  const std::string id = exporting.made(call.subjects[0]);
  const std::string whole = exporting.bytes(id);
  const json shown = exporting.show(id);
  CHECK(shown["bytes"] == whole.size());
  CHECK(shown["sha256"] == to_hex(sha256(bytes_of(whole))));
  const auto header = [](const HttpResponse& response, const std::string& name) {
    for (const auto& [one, value] : response.headers) {
      if (one == name) return value;
    }
    return std::string();
  };
  auto part = exporting.download(id, {{"range", "bytes=100-299"}});
  CHECK(part.status == 206);
  CHECK(read_stream(*part.stream) == whole.substr(100, 200));
  CHECK(header(part, "Content-Range") == "bytes 100-299/" + std::to_string(whole.size()));
  auto rest = exporting.download(id, {{"range", "bytes=5000-"}, {"if-range", header(part, "ETag")}});
  CHECK(read_stream(*rest.stream) == whole.substr(5000));
  CHECK(exporting.download(id, {{"range", "bytes=5000-"}, {"if-range", "\"x\""}}).status == 200);
  const auto beyond = exporting.download(id, {{"range", "bytes=" + std::to_string(whole.size()) + "-"}});
  CHECK(beyond.status == 416);
  CHECK(header(beyond, "Content-Range") == "bytes */" + std::to_string(whole.size()));
  CHECK(exporting.rig.ask("HEAD", "/v1/exports/" + id + "/archive").status == 200);
  CHECK(exporting.steps() ==
        std::vector<std::string>{"requested", "ready", "downloaded", "downloaded", "downloaded", "downloaded"});
  const json last = json::parse(exporting.rig.ledger().back().body_json);
  CHECK(last["by"] == "admin");
  CHECK(last["export"] == id);
}

TEST_CASE("an archive for a recipient is an age file, and the ledger names the key by its fingerprint") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  const std::string key = "age1h0euvhrvlf8snrp7kla6wznk0j23lyeae3l8md7czf4t5rrst9qqfm9sm8";
  const std::string id = exporting.begin(call.subjects[0], R"({"recipient":")" + key + "\"}");
  exporting.rig.disclosures->wait_until_idle();
  CHECK(exporting.bytes(id).starts_with("age-encryption.org/v1\n"));
  const json record = json::parse(exporting.rig.ledger().back().body_json);
  CHECK(record["recipient"] == AgeRecipient::parse(key)->fingerprint());
  const auto refused = exporting.rig.ask("POST", "/v1/subjects/customer-1/export", R"({"recipient":"age1nobody"})");
  CHECK(refused.status == 422);
  CHECK(json::parse(refused.body)["errors"][0]["pointer"] == "/recipient");
}

TEST_CASE("an export that is deleted leaves neither files nor a key") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  const std::string id = exporting.made(call.subjects[0]);
  REQUIRE(must(exporting.rig.catalog->keys_of_kind(KeyKind::disclosure)).size() == 1);
  CHECK(exporting.rig.ask("DELETE", "/v1/exports/" + id).status == 200);
  CHECK(exporting.rig.ask("GET", "/v1/exports/" + id).status == 404);
  CHECK(exporting.rig.ask("DELETE", "/v1/exports/" + id).status == 404);
  CHECK(files_in(exporting.folder()) == 0);
  CHECK(must(exporting.rig.catalog->keys_of_kind(KeyKind::disclosure)).empty());
  CHECK(exporting.steps().back() == "removed");
}

TEST_CASE("the erasure of a person takes their exports, and says so as a step") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  RecordSpec other;
  other.subjects = {"customer-2", "agent-1"};
  const auto stays = exporting.rig.record_call(other);
  const std::string id = exporting.made(call.subjects[0]);
  const std::string kept = exporting.made(stays.subjects[0]);
  auto reading = exporting.download(id);
  const auto begun = exporting.rig.ask("POST", "/v1/subjects/customer-1/erase");
  REQUIRE(begun.status == 202);
  exporting.rig.person_erasures->wait_until_idle();
  const auto shown =
      json::parse(exporting.rig.ask("GET", "/v1/erasures/" + json::parse(begun.body)["id"].get<std::string>()).body);
  CHECK(shown["state"] == "done");
  CHECK(std::any_of(shown["steps"].begin(), shown["steps"].end(), [](const json& step) {
    return step["step"] == "exports" && step["what"] == "1 export of theirs removed, none is left";
  }));
  CHECK(exporting.rig.ask("GET", "/v1/exports/" + id).status == 404);
  std::string failed;
  CHECK(read_stream(*reading.stream, &failed).empty());
  CHECK_FALSE(failed.empty());
  CHECK(exporting.download(kept).status == 200);
  CHECK(must(exporting.rig.catalog->keys_of_kind(KeyKind::disclosure)).size() == 1);
  CHECK(files_in(exporting.folder()) == 2);
  CHECK(exporting.rig.ask("POST", "/v1/subjects/customer-1/export").status == 404);
}

TEST_CASE("an erasure of something in it overtakes an export that is ready") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  const std::string id = exporting.made(call.subjects[0]);
  REQUIRE(exporting.rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).status == 200);
  CHECK(exporting.download(id).status == 409);
  CHECK(exporting.show(id)["state"] == "failed");
  CHECK(exporting.show(id)["trouble"] == "something that is in it has been erased since");
  CHECK(files_in(exporting.folder()) == 1);  // its state
  CHECK(must(exporting.rig.catalog->keys_of_kind(KeyKind::disclosure)).empty());
}

TEST_CASE("an export that ran when the engine died is begun anew") {
  Clocked clocked;
  clocked.start();
  const ExportJob job = clocked.made();
  clocked.disclosures.reset();
  // As it is after a crash: running, with a part of the archive.
  ExportFolder folder(clocked.rig.folder.disk, clocked.rig.folder.path / "clocked");
  ExportJob running = job;
  running.state = ExportState::running;
  running.done.reset();
  running.sha256.reset();
  must(folder.save(running));
  const auto path = folder.path(job.id, ExportPart::archive);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  clocked.start();
  clocked.disclosures->wait_until_idle();
  const ExportJob again = must(clocked.disclosures->show(job.id));
  CHECK(again.state == ExportState::ready);
  auto stream = must(clocked.disclosures->read(job.id, 0, again.bytes, "all", {"tester"}));
  CHECK(to_hex(sha256(bytes_of(read_stream(stream)))) == *again.sha256);
}

TEST_CASE("an export is over after seven days, also over a restart") {
  Clocked clocked;
  clocked.start();
  const ExportJob job = clocked.made();
  clocked.later_s = 7 * 86400 - 60;
  CHECK(clocked.disclosures->show(job.id));
  clocked.later_s = 7 * 86400 + 60;
  CHECK(clocked.disclosures->show(job.id).error().code == Errc::not_found);
  CHECK(clocked.disclosures->read(job.id, 0, 1, "", {"tester"}).error().code == Errc::not_found);
}

TEST_CASE("an export leaves the rest of the disk to calls, and says why it failed") {
  Clocked clocked;
  clocked.start();
  clocked.disk_is_low = true;
  const ExportJob job = clocked.made();
  CHECK(job.state == ExportState::failed);
  CHECK(job.trouble == "low");
  CHECK(files_in(clocked.rig.folder.path / "clocked") == 1);  // its state
  CHECK(must(clocked.rig.catalog->keys_of_kind(KeyKind::disclosure)).empty());
}

TEST_CASE("the erasure of a tenant takes the exports of its people") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  const std::string first = exporting.made(call.subjects[0]);
  const std::string second = exporting.made(call.subjects[1]);
  REQUIRE(exporting.rig.ask("DELETE", "/v1/tenants/default").status == 202);
  exporting.rig.person_erasures->wait_until_idle();
  for (const std::string& id : {first, second}) CHECK(exporting.rig.ask("GET", "/v1/exports/" + id).status == 404);
  CHECK(files_in(exporting.folder()) == 0);
}

TEST_CASE("the erasure of one takes what others were given of calls that went whole with them") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  const std::string other = exporting.made(call.subjects[1]);
  REQUIRE(exporting.rig.ask("POST", "/v1/subjects/customer-1/erase").status == 202);
  exporting.rig.person_erasures->wait_until_idle();
  CHECK(exporting.show(other)["state"] == "failed");
  CHECK(files_in(exporting.folder()) == 1);  // its state
}

TEST_CASE("a key without an export, and files without a state, are gone after a start") {
  Clocked clocked;
  clocked.start();
  const ExportJob job = clocked.made();
  clocked.disclosures.reset();
  std::filesystem::remove(clocked.rig.folder.path / "clocked" / (to_text(job.id) + ".json"));
  clocked.start();
  CHECK(files_in(clocked.rig.folder.path / "clocked") == 0);
  CHECK(must(clocked.rig.catalog->keys_of_kind(KeyKind::disclosure)).empty());
}

TEST_CASE("an export opens after the keys above it were replaced") {
  Exporting exporting;
  const auto call = exporting.rig.record_call();
  const std::string id = exporting.made(call.subjects[0]);
  const std::string before = exporting.bytes(id);
  REQUIRE(exporting.rig.ask("POST", "/v1/keys/rotate").status == 202);
  exporting.rig.key_rotation->wait_until_idle();
  CHECK(exporting.bytes(id) == before);
}

TEST_CASE("of nobody there is no export") {
  Exporting exporting;
  CHECK(exporting.rig.ask("POST", "/v1/subjects/nobody/export").status == 404);
  CHECK(exporting.rig.ask("GET", "/v1/exports/" + to_text(new_id<ExportId>(ControlRig::kStart))).status == 404);
  CHECK(exporting.rig.ask("GET", "/v1/exports/x/archive").status == 400);
}

}  // namespace assent
