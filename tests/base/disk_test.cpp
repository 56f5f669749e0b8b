#include "base/disk.h"

#include <sys/stat.h>

#include <filesystem>

#include "catch.h"

namespace assent {
namespace {

class DiskBench {
 public:
  DiskBench() {
    std::string name = (std::filesystem::temp_directory_path() / "assent-disk-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~DiskBench() { std::filesystem::remove_all(folder); }
  DiskBench(const DiskBench&) = delete;
  DiskBench& operator=(const DiskBench&) = delete;

  Bytes read(const std::string& name) {
    auto file = disk.open(folder / name, FileAccess::read);
    REQUIRE(file);
    Bytes bytes(100);
    const auto got = (*file)->read_at(0, bytes);
    REQUIRE(got);
    bytes.resize(*got);
    return bytes;
  }

  RealDisk disk;
  std::filesystem::path folder;
};

void write(DiskFile& file, std::uint64_t offset, std::string_view text) {
  const ByteView part = bytes_of(text);
  const auto written = file.write_at(offset, std::span(&part, 1));
  REQUIRE(written);
  REQUIRE(*written == text.size());
}

TEST_CASE("what is written in parts reads back in one, and ends at the file's end") {
  DiskBench bench;
  auto file = bench.disk.create(bench.folder / "a");
  REQUIRE(file);
  const std::array<ByteView, 3> parts = {bytes_of("one "), bytes_of("two "), bytes_of("three")};
  CHECK((*file)->write_at(2, parts).value() == 13);
  CHECK((*file)->sync_data());
  CHECK((*file)->sync());
  CHECK(text_of(bench.read("a")) == std::string("\0\0one two three", 15));
  Bytes beyond(4);
  CHECK((*file)->read_at(100, beyond).value() == 0);
  CHECK((*file)->size_bytes().value() == 15);
}

TEST_CASE("files are for their owner alone") {
  DiskBench bench;
  REQUIRE(bench.disk.create(bench.folder / "a"));
  REQUIRE(bench.disk.make_folder(bench.folder / "f"));
  using std::filesystem::perms;
  CHECK((std::filesystem::status(bench.folder / "a").permissions() & (perms::group_all | perms::others_all)) ==
        perms::none);
  CHECK((std::filesystem::status(bench.folder / "f").permissions() & (perms::group_all | perms::others_all)) ==
        perms::none);
}

TEST_CASE("reserved space reads as zeros, and so does what was blanked, on blocks that stay the file's") {
  DiskBench bench;
  auto file = bench.disk.create(bench.folder / "a");
  REQUIRE(file);
  REQUIRE((*file)->allocate(8192));
  CHECK((*file)->size_bytes().value() == 8192);
  write(**file, 4096, std::string(4096, 'x'));
  REQUIRE((*file)->blank({4096, 4096}));
  Bytes page(8192, 1);
  CHECK((*file)->read_at(0, page).value() == 8192);
  CHECK(page == Bytes(8192));
  CHECK((*file)->size_bytes().value() == 8192);
  struct stat status {};
  REQUIRE(::stat((bench.folder / "a").c_str(), &status) == 0);
  CHECK(status.st_blocks * 512 >= 8192);  // no hole
}

TEST_CASE("what was handed over reads as it was written") {
  DiskBench bench;
  auto file = bench.disk.create(bench.folder / "a");
  REQUIRE(file);
  write(**file, 0, "new");
  REQUIRE((*file)->sync_data());
  REQUIRE((*file)->blank({0, 3}));
  CHECK((*file)->hand_over());
  CHECK(bench.read("a") == Bytes(3));
}

TEST_CASE("a file is blanked where it holds something, whatever its size") {
  DiskBench bench;
  for (const std::size_t size : {std::size_t{1}, std::size_t{4095}, std::size_t{3'000'001}}) {
    const std::string name = std::to_string(size);
    auto file = bench.disk.create(bench.folder / name);
    REQUIRE(file);
    write(**file, 0, std::string(size, 'x'));
    REQUIRE(blank_file(**file));
    Bytes content(size + 1, 1);
    CHECK((*file)->read_at(0, content).value() == size);
    content.pop_back();
    CHECK(content == Bytes(size));
  }
}

TEST_CASE("each failure has the code that tells what to do") {
  DiskBench bench;
  REQUIRE(bench.disk.create(bench.folder / "a"));
  REQUIRE(bench.disk.make_folder(bench.folder / "f"));
  REQUIRE(bench.disk.create(bench.folder / "f" / "b"));
  CHECK(bench.disk.create(bench.folder / "a").error().code == Errc::conflict);
  CHECK(bench.disk.open(bench.folder / "none", FileAccess::read).error().code == Errc::not_found);
  CHECK(bench.disk.remove(bench.folder / "none").error().code == Errc::not_found);
  CHECK(bench.disk.remove_folder(bench.folder / "f").error().code == Errc::conflict);
  CHECK(bench.disk.make_folder(bench.folder / "f").error().code == Errc::conflict);
  CHECK(bench.disk.list(bench.folder / "none").error().code == Errc::not_found);
  CHECK(bench.disk.sync_folder(bench.folder / "none").error().code == Errc::not_found);
  CHECK_FALSE(bench.disk.exists(bench.folder / "a" / "under-a-file").value());
}

TEST_CASE("a symbolic link is not followed to a file elsewhere") {
  DiskBench bench;
  REQUIRE(bench.disk.create(bench.folder / "a"));
  std::filesystem::create_symlink(bench.folder / "a", bench.folder / "link");
  CHECK_FALSE(bench.disk.open(bench.folder / "link", FileAccess::read));
  CHECK(bench.disk.list(bench.folder)->back().kind == FolderEntry::Kind::other);
}

TEST_CASE("a listing is by name and says what is a folder") {
  DiskBench bench;
  REQUIRE(bench.disk.make_folder(bench.folder / "b"));
  REQUIRE(bench.disk.create(bench.folder / "c"));
  REQUIRE(bench.disk.create(bench.folder / "a"));
  REQUIRE(bench.disk.rename(bench.folder / "c", bench.folder / "d"));
  const auto entries = bench.disk.list(bench.folder);
  REQUIRE(entries);
  REQUIRE(entries->size() == 3);
  CHECK((*entries)[0].name == "a");
  CHECK((*entries)[1].kind == FolderEntry::Kind::folder);
  CHECK((*entries)[2].name == "d");
}

TEST_CASE("what is free on a file system is less than all of it") {
  DiskBench bench;
  const auto before = bench.disk.space(bench.folder);
  REQUIRE(before);
  CHECK(before->free_bytes > 0);
  CHECK(before->free_bytes <= before->total_bytes);
  CHECK(bench.disk.space(bench.folder / "missing").error().code == Errc::not_found);
}

TEST_CASE("missing folders are made down to the one asked for") {
  DiskBench bench;
  REQUIRE(make_folders(bench.disk, bench.folder / "x" / "y" / "z"));
  CHECK(std::filesystem::is_directory(bench.folder / "x" / "y" / "z"));
  CHECK(make_folders(bench.disk, bench.folder / "x" / "y" / "z"));
}

}  // namespace
}  // namespace assent
