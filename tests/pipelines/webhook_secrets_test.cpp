#include "pipelines/webhook_secrets.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "catch.h"

namespace assent {
namespace {

namespace fs = std::filesystem;

const std::string kSecret = "0123456789abcdef0123456789abcdef";

// A state folder of the test's own.
struct Folder {
  Folder() : path(fs::temp_directory_path() / ("assent-webhooks-" + std::to_string(::getpid()))) {
    fs::create_directory(path);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, const std::string& text, fs::perms mode = fs::perms(0600)) {
    std::ofstream(path / name, std::ios::binary) << text;
    fs::permissions(path / name, mode);
  }

  const fs::path path;
};

pipeline::Webhook in_file(const std::string& name, const std::string& file) {
  pipeline::Webhook webhook;
  webhook.name = name;
  webhook.secret = {pipeline::SecretPlace::Kind::file, file};
  return webhook;
}

Result<std::vector<WebhookSource>> open_one(Folder& folder, const pipeline::Webhook& webhook) {
  return open_webhooks({webhook}, StateFolder(folder.path));
}

}  // namespace

TEST_CASE("a secret is the file's text without its last line end, and the variable's value") {
  Folder folder;
  folder.write("plain", kSecret);
  folder.write("line", kSecret + "\n");
  folder.write("dos", kSecret + "\r\n");
  const HmacKey wanted{bytes_of(kSecret)};
  for (const char* name : {"plain", "line", "dos"}) {
    INFO(name);
    auto opened = open_one(folder, in_file("ivr", name));
    REQUIRE(opened);
    REQUIRE(opened->at(0).secrets.size() == 1);
    CHECK(opened->at(0).secrets[0] == wanted);
  }
  ::setenv("ASSENT_TEST_SECRET", kSecret.c_str(), 1);
  pipeline::Webhook webhook = in_file("ivr", "");
  webhook.secret = {pipeline::SecretPlace::Kind::environment, "ASSENT_TEST_SECRET"};
  auto opened = open_one(folder, webhook);
  ::unsetenv("ASSENT_TEST_SECRET");
  REQUIRE(opened);
  CHECK(opened->at(0).secrets[0] == wanted);
  CHECK(open_one(folder, webhook).error().code == Errc::not_found);
}

TEST_CASE("two secrets are good at once when the file says so") {
  Folder folder;
  folder.write("new", "another secret of the IVR");
  folder.write("old", kSecret);
  pipeline::Webhook webhook = in_file("ivr", "new");
  webhook.previous = pipeline::SecretPlace{pipeline::SecretPlace::Kind::file, "old"};
  auto opened = open_one(folder, webhook);
  REQUIRE(opened);
  CHECK(opened->at(0).secrets.size() == 2);
}

TEST_CASE("a secret that is missing, readable for others, too short or too long is refused, and never quoted") {
  Folder folder;
  folder.write("open", kSecret, fs::perms(0640));
  folder.write("short", kSecret.substr(0, 15) + "\n");
  folder.write("long", std::string(1025, 'x'));
  folder.write("longest", std::string(5000, 'x'));
  const auto code = [&](const char* name) {
    const auto opened = open_one(folder, in_file("ivr", name));
    CHECK(opened.error().what.find(kSecret.substr(0, 8)) == std::string::npos);
    return opened.error().code;
  };
  CHECK(code("nowhere") == Errc::not_found);
  CHECK(code("open") == Errc::denied);
  CHECK(code("short") == Errc::invalid);
  CHECK(code("long") == Errc::invalid);
  CHECK(code("longest") == Errc::invalid);
  CHECK(code(".") == Errc::denied);
}

TEST_CASE("two webhooks with one secret are refused: a message to one would be good for the other") {
  Folder folder;
  folder.write("a", kSecret);
  folder.write("b", kSecret + "\n");
  const auto opened = open_webhooks({in_file("a", "a"), in_file("b", "b")}, StateFolder(folder.path));
  CHECK(opened.error().code == Errc::invalid);
}

}  // namespace assent
