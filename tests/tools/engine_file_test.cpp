#include "tools/assent/engine_file.h"

#include <sys/stat.h>

#include <fstream>

#include "catch.h"
#include "tests/tools/temporary_folder.h"

namespace assent {

TEST_CASE("what a running engine writes about itself is read back, and only its user may read it") {
  const TemporaryFolder folder;
  const StateFolder state(folder.path);
  RealDisk disk;
  const EngineFile written{*parse_endpoint("[::1]:8090"), 4711};
  REQUIRE(write_engine_file(disk, state, written));
  const auto read = read_engine_file(state);
  REQUIRE(read);
  CHECK(read->api == written.api);
  CHECK(read->pid == 4711);
  struct stat status {};
  REQUIRE(stat(state.engine_file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a later engine replaces what an earlier one left, and removes it at its end") {
  const TemporaryFolder folder;
  const StateFolder state(folder.path);
  RealDisk disk;
  REQUIRE(write_engine_file(disk, state, {*parse_endpoint("127.0.0.1:1"), 1}));
  REQUIRE(write_engine_file(disk, state, {*parse_endpoint("127.0.0.1:2"), 2}));
  CHECK(read_engine_file(state)->pid == 2);
  remove_engine_file(disk, state);
  const auto gone = read_engine_file(state);
  REQUIRE(!gone);
  CHECK(gone.error().code == Errc::not_found);
}

TEST_CASE("an engine file of another shape is refused, and says what to do instead") {
  const TemporaryFolder folder;
  const StateFolder state(folder.path);
  for (const char* text : {"", "null", "[]", "{}", R"({"api": 1})", R"({"api": "here"})"}) {
    INFO(text);
    std::ofstream(state.engine_file()) << text;
    const auto read = read_engine_file(state);
    REQUIRE(!read);
    CHECK(read.error().code == Errc::corrupt);
    CHECK(read.error().what.find("--api") != std::string::npos);
  }
}

}  // namespace assent
