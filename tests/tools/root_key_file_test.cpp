#include "tools/assent/root_key_file.h"

#include <filesystem>
#include <fstream>

#include "catch.h"
#include "tests/tools/temporary_folder.h"

namespace assent {

TEST_CASE("where the root key is, is read back as the pipeline said it; a copy of the folder finds its own") {
  const TemporaryFolder folder;
  const StateFolder state(folder.path);
  RealDisk disk;
  CHECK(read_root_key_file(state).error().code == Errc::not_found);
  pipeline::Keys keys;
  keys.path = "other.key";
  REQUIRE(write_root_key_file(disk, state, keys));
  CHECK(*read_root_key_file(state) == RootKeyPlace(folder.path / "other.key"));
  std::filesystem::create_directory(folder.path / "copy");
  std::filesystem::copy_file(state.root_key_file(), folder.path / "copy" / "keys.json");
  CHECK(*read_root_key_file(StateFolder(folder.path / "copy")) == RootKeyPlace(folder.path / "copy" / "other.key"));
  keys.path = "/etc/assent/root.key";
  REQUIRE(write_root_key_file(disk, state, keys));
  CHECK(*read_root_key_file(state) == RootKeyPlace(std::filesystem::path("/etc/assent/root.key")));
}

TEST_CASE("a token is read back, too, and what is neither is refused") {
  const TemporaryFolder folder;
  const StateFolder state(folder.path);
  RealDisk disk;
  pipeline::Keys keys;
  keys.provider = pipeline::Keys::Provider::pkcs11;
  keys.module = "/lib/hsm.so";
  keys.token = "calls";
  keys.label = "root";
  keys.pin_file = "token.pin";
  REQUIRE(write_root_key_file(disk, state, keys));
  CHECK(*read_root_key_file(state) ==
        RootKeyPlace(Pkcs11Settings{"/lib/hsm.so", "calls", "root", folder.path / "token.pin"}));
  for (const char* text : {"", "[]", "{}", R"({"provider":"cloud"})", R"({"provider":"file"})", "\xff"}) {
    std::ofstream(state.root_key_file()) << text;
    CHECK(read_root_key_file(state).error().code == Errc::corrupt);
  }
}

}  // namespace assent
