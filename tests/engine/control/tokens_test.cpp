#include "engine/control/tokens.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "catch.h"
#include "state_folder.h"

namespace assent {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

std::string admin_token(const StateFolder& folder) {
  const std::string text = read_text(folder.path / "admin.token");
  return text.substr(0, text.size() - 1);
}

constexpr WallTime kNow{1790000000s};

}  // namespace

TEST_CASE("the first run makes an admin token that only its owner may read") {
  const StateFolder folder;
  const auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  const std::string text = read_text(folder.path / "admin.token");
  REQUIRE(text.size() == 65);
  CHECK(text.back() == '\n');
  CHECK(mode_of(folder.path / "admin.token") == 0600);
  CHECK(mode_of(folder.path / "tokens.json") == 0600);
  const auto found = (*store)->identify(admin_token(folder));
  REQUIRE(found);
  CHECK(found->id == "admin");
  CHECK(found->role == Role::admin);
}

TEST_CASE("the state file does not hold the tokens themselves") {
  const StateFolder folder;
  const auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  const auto token = (*store)->add("pbx", Role::ingest, kNow);
  REQUIRE(token);
  const std::string state = read_text(folder.path / "tokens.json");
  CHECK(state.find(*token) == std::string::npos);
  CHECK(state.find(admin_token(folder)) == std::string::npos);
  CHECK(state.find("pbx") != std::string::npos);
}

TEST_CASE("tokens live on over a restart, with their ids and roles") {
  const StateFolder folder;
  std::string token;
  {
    const auto store = TokenStore::open(folder.disk, folder.path, kNow);
    REQUIRE(store);
    token = *(*store)->add("pbx-1", Role::ingest, kNow + 1s);
  }
  const auto store = TokenStore::open(folder.disk, folder.path, kNow + 2s);
  REQUIRE(store);
  const auto found = (*store)->identify(token);
  REQUIRE(found);
  CHECK(found->id == "pbx-1");
  CHECK(found->role == Role::ingest);
  CHECK(found->created == kNow + 1s);
  CHECK((*store)->list().size() == 2);
  CHECK((*store)->identify(admin_token(folder)));
}

TEST_CASE("what is not a token is nobody") {
  const StateFolder folder;
  const auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  std::string token = admin_token(folder);
  token.front() = token.front() == '0' ? '1' : '0';
  for (const std::string& wrong : {std::string(), std::string("x"), token, std::string(100000, 'a'),
                                   to_hex(sha256(bytes_of(admin_token(folder))))}) {
    CHECK_FALSE((*store)->identify(wrong));
  }
}

TEST_CASE("a removed token is nobody at once and after a restart") {
  const StateFolder folder;
  auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  const std::string token = *(*store)->add("agent-7", Role::agent, kNow);
  REQUIRE((*store)->remove("agent-7"));
  CHECK_FALSE((*store)->identify(token));
  store = TokenStore::open(folder.disk, folder.path, kNow);
  CHECK_FALSE((*store)->identify(token));
  CHECK((*store)->remove("agent-7").error().code == Errc::not_found);
}

TEST_CASE("the last admin token cannot be removed") {
  const StateFolder folder;
  const auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  CHECK((*store)->remove("admin").error().code == Errc::conflict);
  REQUIRE((*store)->add("root-2", Role::admin, kNow));
  CHECK((*store)->remove("admin"));
  CHECK_FALSE((*store)->identify(admin_token(folder)));
}

TEST_CASE("an id is taken once and must be one that can stand on record") {
  const StateFolder folder;
  const auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  CHECK((*store)->add("admin", Role::agent, kNow).error().code == Errc::conflict);
  for (const std::string& id : {std::string(), std::string("A"), std::string("a b"), std::string("a/b"),
                                std::string("a\n"), std::string(65, 'a')}) {
    CHECK((*store)->add(id, Role::agent, kNow).error().code == Errc::invalid);
  }
  CHECK((*store)->list().size() == 1);
}

TEST_CASE("a first run that died before the state file was written is completed with the same token") {
  const StateFolder folder;
  REQUIRE(TokenStore::open(folder.disk, folder.path, kNow));
  const std::string token = admin_token(folder);
  std::filesystem::remove(folder.path / "tokens.json");
  const auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  CHECK((*store)->identify(token));
}

TEST_CASE("a write that died half way does no harm") {
  const StateFolder folder;
  const auto store = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE(store);
  std::ofstream(folder.path / "tokens.json.new") << "half";
  CHECK((*store)->add("pbx", Role::ingest, kNow));
  CHECK(TokenStore::open(folder.disk, folder.path, kNow));
}

TEST_CASE("token files that others may read, or that are none, are refused with what to do") {
  const StateFolder folder;
  REQUIRE(TokenStore::open(folder.disk, folder.path, kNow));
  const auto tokens = folder.path / "tokens.json";
  ::chmod(tokens.c_str(), 0644);
  const auto readable = TokenStore::open(folder.disk, folder.path, kNow);
  REQUIRE_FALSE(readable);
  CHECK(readable.error().code == Errc::denied);
  CHECK(readable.error().what.find("chmod 600") != std::string::npos);
  ::chmod(tokens.c_str(), 0600);
  const std::string whole = read_text(tokens);
  for (const std::string& wrong :
       {std::string("{"), std::string("[]"), std::string(R"({"version":2,"tokens":[]})"),
        std::string(R"({"version":1,"tokens":[7]})"),
        std::string(R"({"version":1,"tokens":[{"id":"a","role":"god"}]})"),
        std::string(R"({"version":"1","tokens":{}})"), whole.substr(0, whole.size() / 2), std::string(400000, ' ')}) {
    std::ofstream(tokens) << wrong;
    const auto store = TokenStore::open(folder.disk, folder.path, kNow);
    REQUIRE_FALSE(store);
    CHECK(store.error().code == Errc::invalid);
  }
}

}  // namespace assent
