#include "base/bytes.h"

#include "catch.h"

using namespace assent;

TEST_CASE("big-endian fields survive a round trip") {
  std::uint8_t buffer[8];
  store_be64(buffer, 0x0102030405060708);
  CHECK(buffer[0] == 1);
  CHECK(buffer[7] == 8);
  CHECK(load_be64(buffer) == 0x0102030405060708);
  CHECK(load_be32(buffer + 4) == 0x05060708);
  CHECK(load_be16(buffer) == 0x0102);
}

TEST_CASE("hex is lower case and reads either case") {
  CHECK(to_hex(Bytes{0x00, 0xAF, 0xFF}) == "00afff");
  CHECK(from_hex("00AfFf") == Bytes{0x00, 0xAF, 0xFF});
  CHECK_FALSE(from_hex("abc"));
  CHECK_FALSE(from_hex("zz"));
}

TEST_CASE("base64 follows the vectors of RFC 4648") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    CHECK(to_base64(bytes_of(plain)) == coded);
    CHECK(text_of(*from_base64(coded)) == plain);
  }
}

TEST_CASE("base64 that is not strict is refused") {
  CHECK_FALSE(from_base64("Zg"));
  CHECK_FALSE(from_base64("Zg==Zg=="));
  CHECK_FALSE(from_base64("Z==="));
  CHECK_FALSE(from_base64("Zm9\n"));
}
