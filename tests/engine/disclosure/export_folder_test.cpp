#include "engine/disclosure/export_folder.h"

#include <fstream>

#include "../control/state_folder.h"
#include "catch.h"

namespace assent {
namespace {

constexpr WallTime kAt{1790000000s};

ExportJob ready_job() {
  ExportJob job;
  job.id = new_id<ExportId>(kAt);
  job.subject = new_id<SubjectId>(kAt);
  job.key = new_id<KeyId>(kAt);
  job.by = "admin";
  job.recipient = "age1h0euvhrvlf8snrp7kla6wznk0j23lyeae3l8md7czf4t5rrst9qqfm9sm8";
  job.state = ExportState::ready;
  job.requested = kAt;
  job.done = kAt + 3s;
  job.ledger_after = 17;
  job.calls = 3;
  job.calls_done = 3;
  job.bytes = 12345;
  job.sha256 = std::string(64, 'a');
  return job;
}

void put(const std::filesystem::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace

TEST_CASE("a job is read back as it was saved") {
  ExportJob job = ready_job();
  CHECK(*export_job_from(to_json(job)) == job);
  job.recipient.reset();
  job.state = ExportState::failed;
  job.trouble = "a \"reason\"";
  CHECK(*export_job_from(to_json(job)) == job);
}

TEST_CASE("a state that is none is refused") {
  const std::string good = to_json(ready_job());
  for (const auto& [what, instead] : std::vector<std::pair<std::string, std::string>>{{"\"ready\"", "\"done\""},
                                                                                      {"\"calls\": 3", "\"calls\": -3"},
                                                                                      {"\"age1", "\"age2"},
                                                                                      {"\"key\"", "\"yek\""}}) {
    std::string bad = good;
    bad.replace(bad.find(what), what.size(), instead);
    INFO(instead);
    CHECK(export_job_from(bad).error().code == Errc::corrupt);
  }
  CHECK_FALSE(export_job_from(""));
  CHECK_FALSE(export_job_from(good.substr(0, good.size() / 2)));
}

TEST_CASE("a folder knows its jobs, and what belongs to none that can be read") {
  StateFolder at;
  ExportFolder folder(at.disk, at.path / "exports");
  REQUIRE(folder.make());
  REQUIRE(folder.make());
  const ExportJob job = ready_job();
  REQUIRE(folder.save(job));
  REQUIRE(folder.save(job));
  const auto other = new_id<ExportId>(kAt + 1s);
  put(folder.path(other, ExportPart::page), "x");
  const auto broken = new_id<ExportId>(kAt + 2s);
  put(at.path / "exports" / (to_text(broken) + ".json"), "{");
  put(at.path / "exports" / "something else", "x");
  const auto found = folder.load();
  REQUIRE(found);
  CHECK(found->jobs == std::vector<ExportJob>{job});
  CHECK(found->unreadable == std::vector<ExportId>{other, broken});
}

TEST_CASE("a removed export leaves no file, and removing it again is no fault") {
  StateFolder at;
  ExportFolder folder(at.disk, at.path / "exports");
  REQUIRE(folder.make());
  const ExportJob job = ready_job();
  REQUIRE(folder.save(job));
  put(folder.path(job.id, ExportPart::archive), std::string(1'000'000, 'm'));
  put(folder.path(job.id, ExportPart::person), "x");
  REQUIRE(folder.remove(job.id));
  CHECK(std::filesystem::is_empty(at.path / "exports"));
  REQUIRE(folder.remove(job.id));
}

TEST_CASE("a removed archive was overwritten before its name went") {
  StateFolder at;
  ExportFolder folder(at.disk, at.path / "exports");
  REQUIRE(folder.make());
  const ExportJob job = ready_job();
  const auto path = folder.path(job.id, ExportPart::archive);
  put(path, std::string(600'000, 'm'));
  std::filesystem::create_hard_link(path, at.path / "kept");  // the same bytes under another name
  REQUIRE(folder.remove(job.id));
  std::ifstream kept(at.path / "kept", std::ios::binary);
  const std::string left{std::istreambuf_iterator<char>(kept), {}};
  CHECK(left == std::string(600'000, '\0'));
}

}  // namespace assent
