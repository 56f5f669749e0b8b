#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "catch.h"
#include "crypto/file_root_key.h"

using namespace assent;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/assent-root-key-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
}

KeyId epoch_id() {
  KeyId made;
  made.bytes.fill(5);
  return made;
}

}  // namespace

TEST_CASE("the first start makes a root key file, 0600, and later starts read the same key") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  const auto made = FileRootKey::open_or_create(path);
  REQUIRE(made);
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  CHECK(read(path).find("\nassent-root-key-1 ") != std::string::npos);
  const auto epoch = SecretKey::random();
  const auto row = made->wrap_epoch(epoch_id(), epoch);
  REQUIRE(row);
  CHECK(row->kind == KeyKind::epoch);
  CHECK(row->parent == made->root_id());

  const auto again = FileRootKey::open_or_create(path);
  REQUIRE(again);
  CHECK(again->root_id() == made->root_id());
  const auto unwrapped = again->unwrap_epoch(*row);
  REQUIRE(unwrapped);
  CHECK(*unwrapped == epoch);
  CHECK(again->describe() == "file " + path.string());
}

TEST_CASE("a root key file is never overwritten") {
  const Folder folder;
  REQUIRE(FileRootKey::create(folder.path / "root.key"));
  const std::string before = read(folder.path / "root.key");
  CHECK(FileRootKey::create(folder.path / "root.key").error().code == Errc::conflict);
  CHECK(read(folder.path / "root.key") == before);
}

TEST_CASE("an epoch key of another root is refused with both roots named") {
  const Folder folder;
  const auto one = FileRootKey::create(folder.path / "one.key");
  const auto other = FileRootKey::create(folder.path / "other.key");
  REQUIRE(one);
  REQUIRE(other);
  const auto row = one->wrap_epoch(epoch_id(), SecretKey::random());
  REQUIRE(row);
  const auto refused = other->unwrap_epoch(*row);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::corrupt);
  CHECK(refused.error().what.find(to_text(one->root_id())) != std::string::npos);
  CHECK(refused.error().what.find(to_text(other->root_id())) != std::string::npos);
}

TEST_CASE("a root key file that others can reach is refused, and the error says what to do") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  REQUIRE(FileRootKey::create(path));
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto refused = FileRootKey::open(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::denied);
    CHECK(refused.error().what.find("chmod 600") != std::string::npos);
  }
  REQUIRE(::chmod(path.c_str(), 0400) == 0);
  CHECK(FileRootKey::open(path));
}

TEST_CASE("a root key file of another owner is refused") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give a file away");
    return;
  }
  const Folder folder;
  const auto path = folder.path / "root.key";
  REQUIRE(FileRootKey::create(path));
  REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
  const auto refused = FileRootKey::open(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::denied);
  CHECK(refused.error().what.find("chown") != std::string::npos);
}

TEST_CASE("what is not a root key file is refused") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  const std::string hex(64, 'a');
  const std::string line = "assent-root-key-1 " + hex + "\n";
  for (const std::string& text : {std::string(), std::string("# only a comment\n"), hex + "\n",
                                  "assent-root-key-2 " + hex + "\n", "assent-root-key-1 " + hex.substr(2) + "\n",
                                  "assent-root-key-1 " + hex + "aa\n", "assent-root-key-1 " + hex.substr(1) + "g\n",
                                  line + line, std::string(100000, 'x'), std::string("\0\n\xFF", 3)}) {
    write(path, text);
    INFO(text.substr(0, 100));
    const auto refused = FileRootKey::open(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid);
    CHECK(refused.error().what.find("restore it") != std::string::npos);
    CHECK(refused.error().what.find(hex.substr(0, 32)) == std::string::npos);  // an error never shows a key
  }
  write(path, "\n# comment\n\nassent-root-key-1 " + hex);  // no newline at the end is fine
  CHECK(FileRootKey::open(path));
}

TEST_CASE("a link, a folder and nothing at all are told apart") {
  const Folder folder;
  REQUIRE(FileRootKey::create(folder.path / "root.key"));
  std::filesystem::create_symlink(folder.path / "root.key", folder.path / "link.key");
  CHECK(FileRootKey::open(folder.path / "link.key").error().code == Errc::denied);
  CHECK(FileRootKey::open(folder.path).error().code == Errc::denied);
  CHECK(FileRootKey::open(folder.path / "none.key").error().code == Errc::not_found);
  CHECK(FileRootKey::open_or_create(folder.path / "none" / "root.key").error().code == Errc::io);
}

TEST_CASE("a new root wraps beside the old one, and the old one goes for good") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  auto root = FileRootKey::create(path);
  REQUIRE(root);
  const auto epoch = SecretKey::random();
  const KeyId first = root->root_id();
  const auto old_row = root->wrap_epoch(epoch_id(), epoch);
  const std::string old_line = read(path).substr(read(path).find("\nassent-root-key-1 ") + 1, 82);

  REQUIRE(root->add_root());
  REQUIRE(root->add_root());  // while there are two, no third
  CHECK(root->root_id() != first);
  const auto new_row = root->wrap_epoch(epoch_id(), epoch);
  REQUIRE(new_row);
  CHECK(new_row->parent == root->root_id());
  for (const auto& reopened : {FileRootKey::open(path)}) {
    REQUIRE(reopened);
    CHECK(reopened->root_id() == root->root_id());
    CHECK(reopened->unwrap_epoch(*old_row));
    CHECK(reopened->unwrap_epoch(*new_row));
  }

  REQUIRE(root->drop_old_roots());
  REQUIRE(root->drop_old_roots());
  CHECK(root->unwrap_epoch(*old_row).error().code == Errc::corrupt);
  CHECK(root->unwrap_epoch(*new_row));
  CHECK(read(path).find(old_line.substr(18)) == std::string::npos);
  const auto reopened = FileRootKey::open(path);
  REQUIRE(reopened);
  CHECK(reopened->root_id() == root->root_id());
  CHECK(reopened->unwrap_epoch(*old_row).error().code == Errc::corrupt);
}

TEST_CASE("a root key file that is replaced again and again does not grow, and an old one's file is taken as it is") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  write(path, "assent-root-key-1 " + std::string(64, 'a') + "\n");
  auto root = FileRootKey::open(path);
  REQUIRE(root);
  std::uintmax_t bytes = 0;
  for (int time = 0; time < 6; ++time) {
    REQUIRE(root->add_root());
    REQUIRE(root->drop_old_roots());
    if (time == 1) bytes = std::filesystem::file_size(path);
  }
  CHECK(std::filesystem::file_size(path) == bytes);
  CHECK(read(path).find(std::string(64, 'a')) == std::string::npos);
  const auto reopened = FileRootKey::open(path);
  REQUIRE(reopened);
  CHECK(reopened->root_id() == root->root_id());
}

TEST_CASE("what a crash left half written in a root key file is no key, and goes with the old root") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  const std::string hex(64, 'b'), line = "assent-root-key-1 " + std::string(64, 'a') + " 000001\n";
  for (const std::string& torn : {"#ssent-root-key-1 " + hex + " 000002\n", "#ssent-root-key-1 " + hex.substr(0, 30),
                                  "# gone ......." + hex + "\n"}) {
    write(path, line + torn);
    auto root = FileRootKey::open(path);
    REQUIRE(root);
    REQUIRE(root->drop_old_roots());
    CHECK(read(path).find(hex.substr(0, 30)) == std::string::npos);
    REQUIRE(root->add_root());
    REQUIRE(root->drop_old_roots());
    std::filesystem::remove(path);
  }
}

TEST_CASE("two roots of one number are refused, and three") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  const auto line = [](char digit, int number) {
    return "assent-root-key-1 " + std::string(64, digit) + " 00000" + std::to_string(number) + "\n";
  };
  write(path, line('a', 2) + line('b', 2));
  CHECK(FileRootKey::open(path).error().code == Errc::invalid);
  write(path, line('a', 1) + line('b', 2) + line('c', 3));
  CHECK(FileRootKey::open(path).error().code == Errc::invalid);
  write(path, line('a', 3) + line('b', 2));
  const auto found = FileRootKey::open(path);
  REQUIRE(found);
  write(path, line('a', 1));
  CHECK(found->root_id() == FileRootKey::open(path)->root_id());
}

TEST_CASE("a root that another process has replaced is found in the file") {
  const Folder folder;
  const auto path = folder.path / "root.key";
  auto engine = FileRootKey::create(path);
  REQUIRE(engine);
  const auto reader = FileRootKey::open(path);
  REQUIRE(reader);
  REQUIRE(engine->add_root());
  REQUIRE(engine->drop_old_roots());
  const auto row = engine->wrap_epoch(epoch_id(), SecretKey::random());
  REQUIRE(row);
  CHECK(reader->unwrap_epoch(*row));
}
