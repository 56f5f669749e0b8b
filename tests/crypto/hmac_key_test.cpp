#include "crypto/hmac_key.h"

#include <string>

#include "catch.h"

namespace assent {
namespace {

struct Vector {
  Bytes key;
  Bytes data;
  std::string tag;
};

Bytes text(std::string_view chars) { return Bytes(bytes_of(chars).begin(), bytes_of(chars).end()); }

Bytes counting(std::size_t count) {
  Bytes bytes;
  for (std::size_t i = 1; i <= count; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  return bytes;
}

// RFC 4231 section 4, test cases 1 to 7; the fifth one's tag is cut to 128 bits there.
const Vector kVectors[] = {
    {Bytes(20, 0x0b), text("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {text("Jefe"), text("what do ya want for nothing?"),
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {Bytes(20, 0xaa), Bytes(50, 0xdd), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {counting(25), Bytes(50, 0xcd), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {Bytes(20, 0x0c), text("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b"},
    {Bytes(131, 0xaa), text("Test Using Larger Than Block-Size Key - Hash Key First"),
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {Bytes(131, 0xaa),
     text("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
          "hashed before being used by the HMAC algorithm."),
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

}  // namespace

TEST_CASE("HMAC-SHA256 gives the tags of RFC 4231") {
  for (const Vector& vector : kVectors) {
    INFO(vector.tag);
    CHECK(to_hex(HmacKey(vector.key).sign({vector.data})).substr(0, vector.tag.size()) == vector.tag);
  }
}

TEST_CASE("parts are signed as if they were one") {
  const HmacKey key(bytes_of("Jefe"));
  const HmacSha256 whole = key.sign({bytes_of("what do ya want for nothing?")});
  CHECK(key.sign({bytes_of("what do ya "), {}, bytes_of("want for nothing?")}) == whole);
  CHECK(key.sign({bytes_of("what do ya want for nothing!")}) != whole);
}

TEST_CASE("keys are equal when HMAC takes them as the same, and both halves count") {
  CHECK(HmacKey(Bytes(64, 1)) == HmacKey(Bytes(64, 1)));
  Bytes other(64, 1);
  other[63] = 2;
  CHECK_FALSE(HmacKey(Bytes(64, 1)) == HmacKey(other));
  CHECK(HmacKey(Bytes(64, 1)).sign({}) != HmacKey(other).sign({}));
}

}  // namespace assent
