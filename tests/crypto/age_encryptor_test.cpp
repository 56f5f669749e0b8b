// What `age` itself makes of it tests/e2e/disclosure_test.py finds out; here is what needs no secret key.
#include "crypto/age_encryptor.h"

#include <algorithm>

#include "catch.h"

namespace assent {
namespace {

struct Vector {
  const char* recipient;
  const char* key;
};
// Made by age-keygen 1.1.1; the keys decoded by another program.
constexpr Vector kVectors[] = {{"age1h0euvhrvlf8snrp7kla6wznk0j23lyeae3l8md7czf4t5rrst9qqfm9sm8",
                                "bbf3c65c6cfa4f098c3eb7fba70a767c951f933dcc7e7db7d8126aba0c705940"},
                               {"age17wxaene5hzxdv38tjagrdl7gr6ajzxk2xcaz2ea5rgxw49ezvgsqevrh4j",
                                "f38ddccf34b88cd644eb975036ffc81ebb211aca363a2567b41a0cea97226220"}};

Bytes encrypt(const AgeRecipient& recipient, std::size_t plain_bytes, std::size_t piece_bytes) {
  Bytes file;
  auto age = AgeEncryptor::create(recipient, [&](ByteView piece) {
    append(file, piece);
    return Result<void>();
  });
  REQUIRE(age);
  const Bytes plain(plain_bytes, 0x61);
  for (ByteView left(plain); !left.empty(); left = left.subspan(std::min(piece_bytes, left.size()))) {
    REQUIRE(age->write(left.first(std::min(piece_bytes, left.size()))));
  }
  REQUIRE(age->finish());
  return file;
}

}  // namespace

TEST_CASE("a recipient is the key that it was made of, and back") {
  for (const Vector& vector : kVectors) {
    const auto recipient = AgeRecipient::parse(vector.recipient);
    REQUIRE(recipient);
    CHECK(to_hex(recipient->key()) == vector.key);
    CHECK(recipient->text() == vector.recipient);
    std::string capitals = vector.recipient;
    std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                   [](char c) { return static_cast<char>(std::toupper(c)); });
    REQUIRE(AgeRecipient::parse(capitals));
    CHECK(AgeRecipient::parse(capitals)->text() == vector.recipient);
  }
}

TEST_CASE("a recipient with one character changed, left out or added is none") {
  const std::string good = kVectors[0].recipient;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == 'q' ? 'p' : 'q';
    INFO(at);
    CHECK_FALSE(AgeRecipient::parse(bad));
    CHECK_FALSE(AgeRecipient::parse(good.substr(0, at) + good.substr(at + 1)));
  }
  std::string mixed = good;
  mixed[10] = 'S';
  for (const std::string& bad :
       {std::string(), good + "q", " " + good, std::string("ssh-ed25519 AAAA"), mixed, "AGE-SECRET-KEY-1" + good}) {
    CHECK(AgeRecipient::parse(bad).error().code == Errc::invalid);
  }
}

TEST_CASE("an age file is as long as its format says, however it was written") {
  const auto recipient = AgeRecipient::parse(kVectors[0].recipient);
  REQUIRE(recipient);
  constexpr std::size_t kChunk = AgeEncryptor::kChunkBytes;
  const std::size_t head = encrypt(*recipient, 0, 1).size() - 16;
  for (const std::size_t plain : {std::size_t{1}, kChunk - 1, kChunk, kChunk + 1, 3 * kChunk}) {
    for (const std::size_t piece : {std::size_t{999}, kChunk, 2 * kChunk}) {
      INFO(plain << " in " << piece);
      CHECK(encrypt(*recipient, plain, piece).size() == head + plain + 16 * ((plain + kChunk - 1) / kChunk));
    }
  }
}

TEST_CASE("two age files of the same content have nothing in common but their shape") {
  const auto recipient = AgeRecipient::parse(kVectors[0].recipient);
  REQUIRE(recipient);
  const Bytes one = encrypt(*recipient, 1000, 1000);
  const Bytes two = encrypt(*recipient, 1000, 1000);
  CHECK(one.size() == two.size());
  CHECK_FALSE(std::equal(one.end() - 1000, one.end(), two.end() - 1000));
  CHECK(text_of(one).starts_with("age-encryption.org/v1\n-> X25519 "));
}

TEST_CASE("a key that has no secret in common with anybody is refused") {
  // 32 zero bytes, a point of low order, as age would write it.
  AgeRecipient recipient = *AgeRecipient::parse(kVectors[0].recipient);
  const_cast<std::array<std::uint8_t, 32>&>(recipient.key()).fill(0);
  CHECK(AgeEncryptor::create(recipient, [](ByteView) { return Result<void>(); }).error().code == Errc::invalid);
  CHECK(AgeRecipient::parse(recipient.text()));
}

}  // namespace assent
