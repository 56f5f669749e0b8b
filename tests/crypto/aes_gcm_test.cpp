#include "crypto/aes_gcm.h"

#include <algorithm>

#include "catch.h"
#include "crypto/random.h"
#include "vectors.h"

using namespace assent;
using assent::test::hex_field;

namespace {

struct Sealed {
  Bytes cipher;
  std::array<std::uint8_t, kGcmTagBytes> tag{};
};

bool is_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

}  // namespace

TEST_CASE("AES-GCM behaves as Wycheproof labels it, sealing and opening") {
  const auto vectors = test::load_vectors("wycheproof_aes_gcm.json");
  if (!vectors) return;
  int valid = 0;
  int invalid = 0;
  AesGcm gcm;  // one for all key and IV sizes: what one call leaves behind must not change the next
  for (const auto& group : vectors->at("testGroups")) {
    for (const auto& vector : group.at("tests")) {
      INFO("tcId " << vector.at("tcId") << ", IV bits " << group.at("ivSize") << ", key bits " << group.at("keySize"));
      const bool should = vector.at("result") == "valid";
      const Bytes iv = hex_field(vector, "iv");
      const Bytes aad = hex_field(vector, "aad");
      const Bytes plain = hex_field(vector, "msg");
      const Bytes cipher = hex_field(vector, "ct");
      const Bytes tag = hex_field(vector, "tag");
      REQUIRE(gcm.set_key(hex_field(vector, "key")));

      Bytes opened(cipher.size(), 0xEE);
      const bool does = gcm.open(iv, aad, cipher, ByteView(tag).first<kGcmTagBytes>(), opened).has_value();
      REQUIRE(does == should);
      if (should) REQUIRE(opened == plain);
      if (!should && !iv.empty()) REQUIRE(is_zero(opened));

      Sealed sealed{Bytes(plain.size()), {}};
      const bool seals = gcm.seal(iv, aad, plain, sealed.cipher, sealed.tag).has_value();
      REQUIRE(seals == !iv.empty());
      const bool same = seals && sealed.cipher == cipher && std::equal(tag.begin(), tag.end(), sealed.tag.begin());
      REQUIRE(same == should);
      ++(should ? valid : invalid);
    }
  }
  CHECK(valid == 229);
  CHECK(invalid == 87);
  CHECK(valid + invalid == 316);
}

TEST_CASE("AES-GCM refuses keys, IVs and lengths that cannot be") {
  AesGcm gcm;
  std::array<std::uint8_t, kGcmTagBytes> tag{};
  Bytes out(4);
  const Bytes iv(12);
  CHECK(gcm.seal(iv, {}, Bytes(4), out, tag).error().code == Errc::invalid);  // no key yet
  CHECK(gcm.set_key(Bytes(31)).error().code == Errc::invalid);
  CHECK(gcm.set_key(Bytes()).error().code == Errc::invalid);
  REQUIRE(gcm.set_key(Bytes(32)));
  CHECK(gcm.seal({}, {}, Bytes(4), out, tag).error().code == Errc::invalid);
  CHECK(gcm.seal(iv, {}, Bytes(5), out, tag).error().code == Errc::invalid);
  CHECK(gcm.open(iv, {}, Bytes(3), tag, out).error().code == Errc::invalid);
  CHECK(gcm.seal(iv, {}, Bytes(4), out, tag));
}

TEST_CASE("AES-GCM seals and opens in place") {
  AesGcm gcm;
  REQUIRE(gcm.set_key(Bytes(32, 7)));
  const Bytes iv(12, 1);
  Bytes memory(1000, 0x5A);
  std::array<std::uint8_t, kGcmTagBytes> tag{};
  REQUIRE(gcm.seal(iv, {}, memory, memory, tag));
  CHECK(memory != Bytes(1000, 0x5A));
  REQUIRE(gcm.open(iv, {}, memory, tag, memory));
  CHECK(memory == Bytes(1000, 0x5A));
}

TEST_CASE("what is sealed under a random IV opens with its key and AAD only, and never twice looks the same") {
  const auto key = SecretKey::random();
  const Bytes text(100, 0x41);
  const Bytes sealed = seal_with_random_iv(key, bytes_of("here"), text);
  CHECK(sealed.size() == text.size() + kSealedOverhead);
  CHECK(sealed != seal_with_random_iv(key, bytes_of("here"), text));
  Bytes opened(100);
  REQUIRE(open_with_random_iv(key, bytes_of("here"), sealed, opened));
  CHECK(opened == text);
  CHECK(open_with_random_iv(key, bytes_of("there"), sealed, opened).error().code == Errc::corrupt);
  CHECK(is_zero(opened));
  CHECK(open_with_random_iv(SecretKey::random(), bytes_of("here"), sealed, opened).error().code == Errc::corrupt);
  CHECK(open_with_random_iv(key, bytes_of("here"), Bytes(27), {}).error().code == Errc::corrupt);
}
