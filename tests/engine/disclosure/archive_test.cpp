#include "engine/disclosure/archive.h"

#include <map>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "crypto/sha256.h"
#include "read_zip.h"

namespace assent {
namespace {

constexpr WallTime kAt{1790000000s};

struct Written {
  Bytes bytes;
  Sha256Digest digest{};
};

Written write(const std::map<std::string, std::string>& files, const std::optional<AgeRecipient>& recipient = {}) {
  Written written;
  auto archive = DisclosureArchive::create(recipient, kAt, [&](ByteView piece) {
    append(written.bytes, piece);
    return Result<void>();
  });
  REQUIRE(archive);
  for (const auto& [name, text] : files) {
    REQUIRE((*archive)->begin(name, name.ends_with(".wav") ? Packing::stored : Packing::deflated));
    for (std::size_t at = 0; at < text.size(); at += 1000) REQUIRE((*archive)->write(text.substr(at, 1000)));
  }
  const auto digest = (*archive)->finish();
  REQUIRE(digest);
  written.digest = *digest;
  return written;
}

}  // namespace

TEST_CASE("an archive gives back its files, and its digest is that of its bytes") {
  const std::map<std::string, std::string> files = {
      {"README.txt", "hello\n"}, {"calls/1/a.wav", std::string(300'000, '\x55')}, {"empty.json", ""}};
  const Written written = write(files);
  CHECK(written.digest == sha256(written.bytes));
  auto found = read_zip(written.bytes);
  const std::string manifest = found["manifest.json"];
  found.erase("manifest.json");
  CHECK(found == files);
  const auto listed = nlohmann::json::parse(manifest)["files"];
  REQUIRE(listed.size() == 3);
  for (const auto& one : listed) {
    const std::string& text = files.at(one["file"]);
    CHECK(one["bytes"] == text.size());
    CHECK(one["sha256"] == to_hex(sha256(bytes_of(text))));
  }
}

TEST_CASE("an archive for a recipient is an age file, and no ZIP file that anybody reads") {
  // The public half of a key that age-keygen made.
  const auto recipient = AgeRecipient::parse("age1h0euvhrvlf8snrp7kla6wznk0j23lyeae3l8md7czf4t5rrst9qqfm9sm8");
  REQUIRE(recipient);
  const Written written = write({{"README.txt", "marker-4711"}}, *recipient);
  CHECK(written.digest == sha256(written.bytes));
  const std::string text = text_of(written.bytes);
  CHECK(text.starts_with("age-encryption.org/v1\n-> X25519 "));
  CHECK(text.find("marker-4711") == std::string::npos);
  CHECK(text.find("README") == std::string::npos);
}

TEST_CASE("a sink that fails ends the archive with its error") {
  std::size_t taken = 0;
  auto archive = DisclosureArchive::create({}, kAt, [&](ByteView piece) -> Result<void> {
    taken += piece.size();
    if (taken > 100'000) return error(Errc::exhausted, "full");
    return {};
  });
  REQUIRE(archive);
  REQUIRE((*archive)->begin("a.wav", Packing::stored));
  Result<void> done;
  for (int i = 0; done && i < 100; ++i) done = (*archive)->write(std::string(10'000, 'a'));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::exhausted);
}

}  // namespace assent
