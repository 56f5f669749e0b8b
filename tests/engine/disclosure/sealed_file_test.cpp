#include "engine/disclosure/sealed_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "../control/state_folder.h"
#include "base/limits.h"
#include "catch.h"

namespace assent {
namespace {

constexpr std::uint64_t kFrame = limits::kFrameBytes;

// Content in which every place can be told from every other.
Bytes content_of(std::size_t size) {
  Bytes content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::uint8_t>(i * 7 + i / 251 + i / 65521);
  return content;
}

struct File {
  StateFolder folder;
  SecretKey key = SecretKey::random();
  KeyId id = new_id<KeyId>(WallTime(1790000000s));
  std::filesystem::path path = folder.path / "one.sealed";

  void write(ByteView content, std::size_t piece_bytes = 1000) {
    auto writer = SealedFileWriter::create(folder.disk, path, key, id, {{"assent:export", "x"}});
    REQUIRE(writer);
    for (; !content.empty(); content = content.subspan(std::min(piece_bytes, content.size()))) {
      REQUIRE((*writer)->append(content.first(std::min(piece_bytes, content.size()))));
    }
    REQUIRE((*writer)->finish());
  }
  Result<std::unique_ptr<SealedFileReader>> open() { return SealedFileReader::open(folder.disk, path, key, id); }
  std::string raw() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put(const std::string& bytes) const { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }
};

Result<Bytes> read(SealedFileReader& reader, std::uint64_t offset, std::size_t count) {
  Bytes out(count);
  const auto got = reader.read_at(offset, out);
  if (!got) return got.error();
  out.resize(*got);
  return out;
}

}  // namespace

TEST_CASE("a sealed file gives back its content, whatever its length") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kFrame - 1, kFrame, kFrame + 1, 3 * kFrame, 70 * kFrame + 5}) {
    INFO(size);
    File file;
    const Bytes content = content_of(size);
    file.write(content);
    auto reader = file.open();
    REQUIRE(reader);
    CHECK((*reader)->length_bytes() == size);
    CHECK(*read(**reader, 0, size + 10) == content);
  }
}

TEST_CASE("a sealed file is read anywhere, backwards and across frames") {
  File file;
  const Bytes content = content_of(200 * kFrame + 77);
  file.write(content, 100'000);
  auto reader = file.open();
  REQUIRE(reader);
  for (const std::uint64_t offset : {std::uint64_t{199} * kFrame, std::uint64_t{3}, kFrame - 1, 64 * kFrame - 2,
                                     100 * kFrame, std::uint64_t{0}, content.size() - 1}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{5000}, std::size_t{300'000}}) {
      const auto end = std::min<std::uint64_t>(offset + count, content.size());
      const Bytes expected(content.begin() + static_cast<std::ptrdiff_t>(offset),
                           content.begin() + static_cast<std::ptrdiff_t>(end));
      CHECK(*read(**reader, offset, count) == expected);
    }
  }
  CHECK(read(**reader, content.size(), 10)->empty());
  CHECK(read(**reader, content.size() + 5000, 10)->empty());
}

TEST_CASE("nothing of the content lies in the file") {
  File file;
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "marker-4711 ";
  file.write(bytes_of(text));
  CHECK(file.raw().find("marker-4711") == std::string::npos);
  CHECK(file.raw().find("assent:export") != std::string::npos);  // opaque ids may be there
}

TEST_CASE("a changed byte anywhere in a sealed file is found, and what did not change is still read") {
  File file;
  const Bytes content = content_of(4 * kFrame + 100);
  file.write(content);
  const std::string good = file.raw();
  const std::size_t header = good.size() - 5 * limits::kPageBytes - 8 - limits::kFinalFrameOverhead;
  for (std::size_t at = 0; at < good.size(); at += at < header ? 7 : 611) {
    INFO(at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    file.put(bad);
    auto reader = file.open();
    if (!reader) continue;
    CHECK_FALSE(read(**reader, 0, content.size()));
  }
  std::string bad = good;
  bad[header + 64] = static_cast<char>(bad[header + 64] ^ 1);
  file.put(bad);
  auto reader = file.open();
  REQUIRE(reader);
  CHECK(read(**reader, 0, 10).error().code == Errc::corrupt);
}

TEST_CASE("a sealed file that was cut off or not finished does not open") {
  File file;
  file.write(content_of(3 * kFrame));
  const std::string good = file.raw();
  for (const std::size_t size :
       {good.size() - 1, good.size() - 48, good.size() - limits::kPageBytes, std::size_t{100}, std::size_t{0}}) {
    INFO(size);
    file.put(good.substr(0, size));
    CHECK_FALSE(file.open());
  }
  file.put(good + "x");
  CHECK_FALSE(file.open());
}

TEST_CASE("frames of one sealed file cannot stand in another's, nor in another place") {
  File file;
  file.write(content_of(3 * kFrame));
  const std::string first = file.raw();
  std::filesystem::remove(file.path);
  file.write(content_of(3 * kFrame));
  const std::string second = file.raw();
  REQUIRE(first.size() == second.size());
  const std::size_t header = first.size() - 3 * limits::kPageBytes - 8 - limits::kFinalFrameOverhead;
  std::string mixed = second;
  mixed.replace(header, limits::kPageBytes, first.substr(header, limits::kPageBytes));
  file.put(mixed);
  auto reader = file.open();
  REQUIRE(reader);
  CHECK_FALSE(read(**reader, 0, 10));
  std::string swapped = second;
  swapped.replace(header, limits::kPageBytes, second.substr(header + limits::kPageBytes, limits::kPageBytes));
  swapped.replace(header + limits::kPageBytes, limits::kPageBytes, second.substr(header, limits::kPageBytes));
  file.put(swapped);
  reader = file.open();
  REQUIRE(reader);
  CHECK_FALSE(read(**reader, 0, 10));
}

TEST_CASE("another key opens nothing") {
  File file;
  file.write(content_of(10));
  CHECK_FALSE(SealedFileReader::open(file.folder.disk, file.path, SecretKey::random(), file.id));
  CHECK_FALSE(SealedFileReader::open(file.folder.disk, file.path, file.key, new_id<KeyId>(WallTime(1s))));
}

}  // namespace assent
