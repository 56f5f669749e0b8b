#include "crypto/pin_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.h"

using namespace assent;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/assent-pin-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::timespec change_time(const std::filesystem::path& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 ? about.st_ctim : std::timespec{};
}

// Until its change time shows it: file systems count in steps of some milliseconds.
void write(const std::filesystem::path& path, const std::string& text) {
  const std::timespec before = change_time(path);
  for (std::timespec now = before; now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec;) {
    std::ofstream(path) << text;
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    now = change_time(path);
  }
}

bool says(const Error& error, std::string_view what) { return error.what.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("a PIN is all of the file's one line") {
  const Folder folder;
  const auto path = folder.path / "pin";
  for (const std::string& end : {std::string(), std::string("\n"), std::string("\r\n")}) {
    for (const std::string& text : {std::string("4711"), std::string(" spaces count "), std::string(255, '1')}) {
      write(path, text + end);
      const auto pin = PinFile(path).read();
      REQUIRE(pin);
      CHECK(text_of(pin->reveal()) == text);
    }
  }
}

TEST_CASE("a PIN file that others can reach is refused, and the error says what to do") {
  const Folder folder;
  const auto path = folder.path / "pin";
  write(path, "4711\n");
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto refused = PinFile(path).read();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::denied);
    CHECK(says(refused.error(), path.string()));
    CHECK(says(refused.error(), "chmod 600 it, else set another PIN on the token"));
  }
  REQUIRE(::chmod(path.c_str(), 0400) == 0);
  CHECK(PinFile(path).read());
  if (::geteuid() != 0) {
    WARN("skipped: only root can give a file away");
    return;
  }
  REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
  CHECK(PinFile(path).read().error().code == Errc::denied);
}

TEST_CASE("what is not a PIN file is refused, and no error shows a PIN") {
  const Folder folder;
  const auto path = folder.path / "pin";
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("open sesame\nopen sesame\n"), std::string("\nopen sesame\n"),
        std::string("open sesame\r1\n"), std::string(256, '1'), std::string(100000, '1')}) {
    write(path, text);
    const auto refused = PinFile(path).read();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid);
    CHECK(says(refused.error(), "it must have one line"));
    CHECK_FALSE(says(refused.error(), "open sesame"));
  }
  std::filesystem::create_symlink("pin", folder.path / "link");
  CHECK(PinFile(folder.path / "link").read().error().code == Errc::denied);
  CHECK(PinFile(folder.path).read().error().code == Errc::denied);
  const auto missing = PinFile(folder.path / "none").read();
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::io);
  CHECK(says(missing.error(), "write the token's user PIN into it, with mode 0600"));
}

TEST_CASE("a PIN that was refused is not read again until its file is written") {
  const Folder folder;
  const auto path = folder.path / "pin";
  write(path, "4711\n");
  PinFile file(path);
  file.note_refused(*file.read());
  for (int i = 0; i < 2; ++i) {
    const auto refused = file.read();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::denied);
    CHECK(says(refused.error(), "put the right one in"));
  }
  write(path, "4712\n");
  CHECK(text_of(file.read()->reveal()) == "4712");
}
