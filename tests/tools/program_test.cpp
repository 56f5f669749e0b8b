// The built program, run as people run it: exit status, what goes to which stream.
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "tests/tools/temporary_folder.h"

namespace assent {
namespace {

struct Run {
  int status = -1;
  std::string out;
  std::string err;
};

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Arguments are words of the shell. Standard input is nobody.
Run run(const std::string& arguments) {
  const TemporaryFolder folder;
  const auto out = folder.path / "out";
  const auto err = folder.path / "err";
  const std::string command =
      "unset ASSENT_TOKEN; " ASSENT_PROGRAM " " + arguments + " </dev/null >" + out.string() + " 2>" + err.string();
  const int status = std::system(command.c_str());
  REQUIRE(WIFEXITED(status));
  return {WEXITSTATUS(status), content_of(out), content_of(err)};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

constexpr const char* kEmbedded = ASSENT_SOURCE_DIR "/pipelines/embedded.toml";
constexpr const char* kId = "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6";

}  // namespace

TEST_CASE("the program says its version") {
  const auto text = run("version");
  CHECK(text.status == 0);
  CHECK(text.out == "assent " ASSENT_VERSION "\n");
  CHECK(nlohmann::json::parse(run("version --json").out)["version"] == ASSENT_VERSION);
}

TEST_CASE("help goes to standard output with exit status 0, complaints to standard error with 2") {
  const auto help = run("--help");
  CHECK(help.status == 0);
  CHECK(contains(help.out, "verify"));
  CHECK(help.err.empty());
  for (const char* wrong : {"", "nonsense", "run", "show not-an-id", "calls --nonsense"}) {
    INFO(wrong);
    const auto complaint = run(wrong);
    CHECK(complaint.status == 2);
    CHECK(complaint.out.empty());
    CHECK(!complaint.err.empty());
  }
}

TEST_CASE("check finds nothing wrong with the embedded pipeline and says what fits") {
  const auto checked = run("check " + std::string(kEmbedded));
  CHECK(checked.status == 0);
  CHECK(contains(checked.out, "embedded.toml: no errors"));
  CHECK(contains(checked.out, "of 100 calls fit"));
  const auto json = nlohmann::json::parse(run("check --json " + std::string(kEmbedded)).out);
  CHECK(json["errors"].empty());
  CHECK(json["capacity"]["calls"] == 100);
  CHECK(json["capacity"]["leg_bytes"] == 86 * 4096);
}

TEST_CASE("check says fewer calls fit where little memory may be locked, and what to raise") {
  // CAP_IPC_LOCK lifts the limit, so it is dropped where we have it.
  const TemporaryFolder folder;
  const auto out = folder.path / "out";
  const std::string command =
      "ulimit -l 8192 && { setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock " ASSENT_PROGRAM " check " +
      std::string(kEmbedded) + "; } >" + out.string() + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) {
    WARN("skipped: the limit on locked memory cannot be lowered here");
    return;
  }
  const auto text = content_of(out);
  CHECK(contains(text, "11 of 100 calls fit"));
  CHECK(contains(text, "ulimit -l"));
}

TEST_CASE("check prints every error with file, line and column, and fails") {
  const TemporaryFolder folder;
  const auto file = folder.path / "wrong.toml";
  std::ofstream(file) << "[listen]\napi = \"nowhere\"\n[consent]\nhodl = \"30s\"\n";
  const auto checked = run("check " + file.string());
  CHECK(checked.status == 1);
  CHECK(contains(checked.out, "wrong.toml:2:7: listen.api: \"nowhere\" is not an address with a port"));
  CHECK(contains(checked.out, "wrong.toml:4:1: unknown key \"hodl\" in [consent]: did you mean \"hold\"?"));
  const auto json = nlohmann::json::parse(run("check --json " + file.string()).out);
  CHECK(json["errors"].size() == 2);
  CHECK(json["errors"][0]["line"] == 2);
}

TEST_CASE("check says which file it could not read") {
  const auto checked = run("check /nonexistent/p.toml");
  CHECK(checked.status == 1);
  CHECK(contains(checked.err, "/nonexistent/p.toml: No such file or directory"));
}

TEST_CASE("run does not start on a pipeline with errors, and shows them") {
  const TemporaryFolder folder;
  const auto file = folder.path / "wrong.toml";
  std::ofstream(file) << "[capacity]\ncalls = 0\n";
  const auto started = run("run " + file.string() + " --state " + (folder.path / "state").string());
  CHECK(started.status == 1);
  CHECK(contains(started.err, "wrong.toml:2:9: capacity.calls: 0 is too small"));
  CHECK(!std::filesystem::exists(folder.path / "state"));
}

TEST_CASE("run refuses ports that do not hold the pipeline's calls") {
  const TemporaryFolder folder;
  const auto started = run("run " + std::string(kEmbedded) + " --state " + (folder.path / "state").string() +
                           " --rtp-ports 40000-40003");
  CHECK(started.status == 1);
  CHECK(contains(started.err, "--rtp-ports: 40000-40003 has a pair of ports for 2 legs"));
}

TEST_CASE("commands that need an engine say how to reach one") {
  const TemporaryFolder folder;
  const auto no_token = run("calls");
  CHECK(no_token.status == 1);
  CHECK(contains(no_token.err, "ASSENT_TOKEN"));
  const auto no_engine = run("calls --state " + folder.path.string());
  CHECK(no_engine.status == 1);
  CHECK(contains(no_engine.err, "no engine runs on"));
}

TEST_CASE("commands on a state folder refuse one that is none, and make nothing in it") {
  const TemporaryFolder folder;
  const std::string state = " --state " + folder.path.string();
  for (const std::string& command :
       {"verify" + state, "salvage" + state, "export " + std::string(kId) + " --keys --purpose quality" + state,
        "export " + std::string(kId) + " --purpose quality --out " + (folder.path / "a.wav").string() + state}) {
    INFO(command);
    const auto refused = run(command);
    CHECK(refused.status == 1);
    CHECK(contains(refused.err, "is not a state folder"));
    CHECK(refused.out.empty());
  }
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("delete without anybody to ask deletes nothing") {
  const auto deleted = run("delete " + std::string(kId) + " --token x --api 127.0.0.1:1");
  CHECK(deleted.status == 1);
  CHECK(contains(deleted.err, "nothing was deleted"));
}

TEST_CASE("a file that is no segment does not verify") {
  const auto verified = run("verify " + std::string(kEmbedded));
  CHECK(verified.status == 1);
  CHECK(contains(verified.out, "DAMAGED  " + std::string(kEmbedded)));
}

}  // namespace assent
