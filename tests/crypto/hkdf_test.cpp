#include "crypto/hkdf.h"

#include "catch.h"
#include "crypto/sha256.h"
#include "vectors.h"

using namespace assent;
using assent::test::hex_field;

TEST_CASE("HKDF-SHA512 behaves as Wycheproof labels it") {
  const auto vectors = test::load_vectors("wycheproof_hkdf_sha512.json");
  if (!vectors) return;
  int valid = 0;
  int invalid = 0;
  for (const auto& group : vectors->at("testGroups")) {
    for (const auto& vector : group.at("tests")) {
      INFO("tcId " << vector.at("tcId"));
      Bytes out(vector.at("size").get<std::size_t>());
      const auto done =
          hkdf_sha512(hex_field(vector, "salt"), hex_field(vector, "ikm"), hex_field(vector, "info"), out);
      if (vector.at("result") == "valid") {
        REQUIRE(done);
        REQUIRE(out == hex_field(vector, "okm"));
        ++valid;
      } else {
        REQUIRE(done.error().code == Errc::invalid);
        ++invalid;
      }
    }
  }
  CHECK(valid == 80);
  CHECK(invalid == 3);
}

TEST_CASE("HMAC follows RFC 4231 test case 2") {
  const ByteView key = bytes_of("Jefe");
  const ByteView data = bytes_of("what do ya want for nothing?");
  CHECK(to_hex(hmac_sha256(key, data)) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(
      to_hex(hmac_sha512(key, data)) ==
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b"
      "636e070a38bce737");
}

TEST_CASE("an HMAC without a key is that of zeros, not that of the key before") {
  (void)hmac_sha256(bytes_of("another"), bytes_of("x"));
  CHECK(hmac_sha256({}, bytes_of("x")) == hmac_sha256(Bytes(64), bytes_of("x")));
}

TEST_CASE("SHA-256 gives FIPS 180-4's example, whole and in pieces, again and again") {
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(to_hex(sha256(bytes_of("abc"))) == abc);
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  for (int round = 0; round < 2; ++round) {
    pieces.update(bytes_of("a"));
    pieces.update({});
    pieces.update(bytes_of("bc"));
    CHECK(to_hex(pieces.finish()) == abc);
  }
}
