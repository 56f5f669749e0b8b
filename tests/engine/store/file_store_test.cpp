#include "engine/store/file_store.h"

#include <random>

#include "../failing_disk.h"
#include "catch.h"

namespace assent {
namespace {

using test::DiskOp;
using test::FailingDisk;

const std::string kName = "2026-11-24/call/leg-0001.assent";
const std::filesystem::path kFolder = "/state/segments";

struct StoreOnDisk {
  StoreOnDisk() { open(); }
  void open() {
    auto opened = FileStore::open(disk, kFolder);
    REQUIRE(opened);
    store = *std::move(opened);
  }
  Result<void> put(const std::string& name, const Bytes& bytes) {
    ObjectInMemory object(bytes);
    return store->put(name, object);
  }

  FailingDisk disk;
  std::unique_ptr<FileStore> store;
};

Bytes some_bytes(std::size_t size) {
  Bytes bytes(size);
  std::mt19937 random(static_cast<std::uint32_t>(size));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST_CASE("an object reads back from anywhere") {
  StoreOnDisk bench;
  const Bytes bytes = some_bytes(200000);
  REQUIRE(bench.put(kName, bytes));
  auto object = bench.store->open(kName);
  REQUIRE(object);
  CHECK((*object)->size_bytes() == bytes.size());
  Bytes part(1000);
  CHECK((*object)->read_at(199500, part).value() == 500);
  CHECK(std::equal(part.begin(), part.begin() + 500, bytes.begin() + 199500));
  CHECK(bench.store->list().value() == std::vector{kName});
  CHECK(bench.store->open("2026-11-24/call/none.assent").error().code == Errc::not_found);
}

TEST_CASE("an object is there after a power loss once it has been put, with its folders") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    StoreOnDisk bench;
    const Bytes bytes = some_bytes(100000);
    REQUIRE(bench.put(kName, bytes));
    bench.disk.restart(seed);
    CHECK((bench.disk.content(kFolder / kName) == bytes));
  }
}

TEST_CASE("at any power loss an object is there whole or not at all, and putting it again makes it whole") {
  const Bytes bytes = some_bytes(150000);
  for (std::uint64_t operations = 0; operations < 25; ++operations) {
    StoreOnDisk bench;
    bench.disk.cut_power_after(operations);
    const auto put = bench.put(kName, bytes);
    bench.disk.restart(static_cast<std::uint32_t>(operations));
    if (put) CHECK(bench.disk.has_file(kFolder / kName));
    if (bench.disk.has_file(kFolder / kName)) CHECK((bench.disk.content(kFolder / kName) == bytes));
    bench.open();
    REQUIRE(bench.put(kName, bytes));
    bench.disk.restart(3);
    CHECK((bench.disk.content(kFolder / kName) == bytes));
    CHECK(bench.store->list().value() == std::vector{kName});
  }
}

TEST_CASE("the same object again is accepted, another of the same name is not") {
  StoreOnDisk bench;
  REQUIRE(bench.put(kName, some_bytes(70000)));
  CHECK(bench.put(kName, some_bytes(70000)));
  Bytes other = some_bytes(70000);
  other.back() ^= 1;
  CHECK(bench.put(kName, other).error().code == Errc::conflict);
  CHECK(bench.put(kName, some_bytes(69999)).error().code == Errc::conflict);
  CHECK((bench.disk.content(kFolder / kName) == some_bytes(70000)));
}

TEST_CASE("a put that fails leaves no object, and no second file, behind") {
  const auto op = GENERATE(DiskOp::create, DiskOp::write, DiskOp::sync, DiskOp::rename, DiskOp::folder);
  StoreOnDisk bench;
  bench.disk.fail(op, Errc::io);
  const auto put = bench.put(kName, some_bytes(100000));
  REQUIRE_FALSE(put);
  CHECK(put.error().code == Errc::io);
  CHECK(bench.disk.names().empty());
  CHECK(bench.put(kName, some_bytes(100000)));
}

// What stands in the middle of an object, and in no other.
ByteView piece_of(const Bytes& bytes) { return ByteView(bytes).subspan(bytes.size() / 2, 32); }

TEST_CASE("what is removed is nowhere on the medium, not even in what was the file's") {
  StoreOnDisk bench;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 150; ++i) {
    names.push_back("2026-11-24/call/leg-" + std::to_string(1000 + i) + ".assent");
    REQUIRE(bench.put(names.back(), some_bytes(5000 + i)));
    CHECK(bench.disk.remembers(piece_of(some_bytes(5000 + i))));
  }
  REQUIRE(bench.put(kName, some_bytes(4000)));
  REQUIRE(bench.store->remove_all(names));
  for (std::size_t i = 0; i < names.size(); ++i) CHECK_FALSE(bench.disk.remembers(piece_of(some_bytes(5000 + i))));
  CHECK(bench.disk.remembers(piece_of(some_bytes(4000))));
}

TEST_CASE("at whatever moment the power goes, an object that is removed afterwards is in no file") {
  const Bytes bytes = some_bytes(150000);
  for (std::uint64_t operations = 0; operations < 30; ++operations) {
    StoreOnDisk bench;
    bench.disk.cut_power_after(operations);  // of a put, and of removing it again
    if (bench.put(kName, bytes)) static_cast<void>(bench.store->remove(kName));
    bench.disk.restart(static_cast<std::uint32_t>(operations));
    bench.open();
    REQUIRE(bench.store->remove(kName));
    CHECK(bench.disk.names().empty());
    CHECK_FALSE(bench.disk.contains(piece_of(bytes)));
  }
}

TEST_CASE("a put that failed leaves nothing on the medium") {
  const auto op = GENERATE(DiskOp::write, DiskOp::sync, DiskOp::rename);
  StoreOnDisk bench;
  bench.disk.fail(op, Errc::io, 1, op == DiskOp::write ? 1 : 0);
  const Bytes bytes = some_bytes(100000);
  REQUIRE_FALSE(bench.put(kName, bytes));
  CHECK_FALSE(bench.disk.remembers(piece_of(bytes)));
  CHECK_FALSE(bench.disk.remembers(ByteView(bytes).first(32)));
}

TEST_CASE("a name goes only when what it named has been written over") {
  const auto op = GENERATE(DiskOp::blank, DiskOp::sync);
  StoreOnDisk bench;
  REQUIRE(bench.put(kName, some_bytes(5000)));
  bench.disk.fail(op, Errc::io);
  CHECK(bench.store->remove(kName).error().code == Errc::io);
  CHECK(bench.disk.has_file(kFolder / kName));
  CHECK(bench.store->remove(kName));
  CHECK_FALSE(bench.disk.remembers(piece_of(some_bytes(5000))));
}

TEST_CASE("short writes lose nothing") {
  StoreOnDisk bench;
  bench.disk.shorten_next_write(100);
  REQUIRE(bench.put(kName, some_bytes(100000)));
  CHECK((bench.disk.content(kFolder / kName) == some_bytes(100000)));
}

TEST_CASE("a removed object is gone for good, with the folders it leaves empty") {
  StoreOnDisk bench;
  const std::string neighbour = "2026-11-24/call/leg-0002.assent";
  REQUIRE(bench.put(kName, some_bytes(5000)));
  REQUIRE(bench.put(neighbour, some_bytes(5001)));
  REQUIRE(bench.store->remove(kName));
  bench.disk.restart(1);
  CHECK_FALSE(bench.disk.has_file(kFolder / kName));
  CHECK(bench.store->list().value() == std::vector{neighbour});
  REQUIRE(bench.store->remove(neighbour));
  CHECK_FALSE(bench.disk.has_file(kFolder / "2026-11-24"));
  CHECK(bench.disk.has_file(kFolder));
  CHECK(bench.store->remove(neighbour));
}

TEST_CASE("several objects are removed at once, in whatever folders they lie") {
  StoreOnDisk bench;
  const std::vector<std::string> names = {kName, "2026-11-24/call/leg-0002.assent", "2026-11-25/call/leg-0003.assent"};
  const std::string neighbour = "2026-11-25/call/leg-0004.assent";
  for (const std::string& name : names) REQUIRE(bench.put(name, some_bytes(5000)));
  REQUIRE(bench.put(neighbour, some_bytes(5001)));
  REQUIRE(bench.store->remove_all(names));
  bench.disk.restart(1);
  CHECK(bench.store->list().value() == std::vector{neighbour});
  CHECK_FALSE(bench.disk.has_file(kFolder / "2026-11-24"));
  CHECK(bench.store->remove_all(names));
}

TEST_CASE("a removal that fails says so") {
  const auto op = GENERATE(DiskOp::remove, DiskOp::sync_folder);
  StoreOnDisk bench;
  REQUIRE(bench.put(kName, some_bytes(5000)));
  bench.disk.fail(op, Errc::io);
  CHECK(bench.store->remove(kName).error().code == Errc::io);
  CHECK(bench.store->remove(kName));
}

TEST_CASE("no name leads out of the store") {
  StoreOnDisk bench;
  for (const char* name : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a/.part", "a b", "a\nb"}) {
    INFO(name);
    CHECK_FALSE(is_object_name(name));
    CHECK(bench.put(name, some_bytes(10)).error().code == Errc::invalid);
    CHECK(bench.store->open(name).error().code == Errc::invalid);
    CHECK(bench.store->remove(name).error().code == Errc::invalid);
  }
  CHECK(is_object_name(kName));
}

TEST_CASE("an object's name is the day on which the segment started, its call, its leg and its number") {
  const SegmentPlace place{WallTime(1700000000s), CallId{}, LegId{}, 7};
  CHECK(object_name(place) ==
        "2023-11-14/00000000-0000-0000-0000-000000000000/00000000-0000-0000-0000-000000000000-0007.assent");
  CHECK(is_object_name(object_name(place)));
  CHECK(is_object_name(quarantine_name(place)));
  CHECK(quarantine_name(place) != object_name(place));
}

TEST_CASE("the store works on a real disk") {
  std::string folder = (std::filesystem::temp_directory_path() / "assent-store-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  RealDisk disk;
  auto store = FileStore::open(disk, std::filesystem::path(folder) / "segments");
  REQUIRE(store);
  const Bytes bytes = some_bytes(300000);
  ObjectInMemory object(bytes);
  REQUIRE((*store)->put(kName, object));
  REQUIRE((*store)->put(kName, object));
  CHECK((*store)->list().value() == std::vector{kName});
  CHECK((*store)->remove(kName));
  CHECK((*store)->list().value().empty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace assent
