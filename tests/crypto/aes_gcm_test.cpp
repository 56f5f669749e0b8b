#include "crypto/aes_gcm.h"

#include <algorithm>

#include "catch.h"
#include "crypto/random.h"
#include "crypto/vector_gcm.h"
#include "vectors.h"

using namespace assent;
using assent::test::hex_field;

namespace {

struct Sealed {
  Bytes cipher;
  std::array<std::uint8_t, kGcmTagBytes> tag{};
};

Bytes random_of(std::size_t size) {
  Bytes bytes(size);
  random_bytes(bytes);
  return bytes;
}

bool is_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

}  // namespace

TEST_CASE("AES-GCM behaves as Wycheproof labels it, sealing and opening") {
  const auto vectors = test::load_vectors("wycheproof_aes_gcm.json");
  if (!vectors) return;
  int valid = 0;
  int invalid = 0;
  // One for all key and IV sizes: what one call leaves behind must not change the next.
  AesGcm gcm(GENERATE(AesGcm::Engine::fastest, AesGcm::Engine::openssl));
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

TEST_CASE("AES-GCM seals the same whatever computes it, at every length of a frame") {
  if (!VectorGcm::is_available()) WARN("SKIPPED: this processor has no VAES, so there is only one engine");
  AesGcm fastest;
  AesGcm openssl(AesGcm::Engine::openssl);
  for (std::size_t size = 0; size <= 4100; size += size < 300 ? 1 : 61) {
    const Bytes key = random_of(32);
    const Bytes iv = random_of(kGcmIvBytes);
    const Bytes aad = random_of(size % 70);
    const Bytes plain = random_of(size);
    REQUIRE(fastest.set_key(key));
    REQUIRE(openssl.set_key(key));
    Sealed one{Bytes(size), {}};
    Sealed other{Bytes(size), {}};
    REQUIRE(fastest.seal(iv, aad, plain, one.cipher, one.tag));
    REQUIRE(openssl.seal(iv, aad, plain, other.cipher, other.tag));
    REQUIRE(one.cipher == other.cipher);
    REQUIRE(one.tag == other.tag);
    Bytes opened(size, 0xEE);
    REQUIRE(fastest.open(iv, aad, other.cipher, other.tag, opened));
    REQUIRE(opened == plain);
    other.tag[size % kGcmTagBytes] ^= 1;
    REQUIRE(fastest.open(iv, aad, other.cipher, other.tag, opened).error().code == Errc::corrupt);
    REQUIRE(is_zero(opened));
  }
}

TEST_CASE("AES-GCM seals and opens in place") {
  AesGcm gcm(GENERATE(AesGcm::Engine::fastest, AesGcm::Engine::openssl));
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
