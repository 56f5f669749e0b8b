#include "crypto/ed25519.h"

#include "catch.h"

using namespace assent;

namespace {

// RFC 8032 section 7.1: TEST 1, TEST 2, TEST 3, TEST SHA(abc).
struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};
constexpr Vector kVectors[] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
                                "701cf9b46bd25bf5f0595bbe246551"
                                "41438e7a100b"},
                               {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
                                "13d0f11d8c387b2eaeb4302aeeb00d"
                                "291612bb0c00"},
                               {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
                                "60984dc6594a7c15e9716ed28dc027"
                                "beceea1ec40a"},
                               {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
                                "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
                                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c"
                                "23a3feebbd454d4423643ce80e2a9a"
                                "c94fa54ca49f",
                                "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7"
                                "c66431e0303dca179c138ac17ad9be"
                                "f1177331a704"}};

template <std::size_t n>
std::array<std::uint8_t, n> array_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  REQUIRE(bytes);
  REQUIRE(bytes->size() == n);
  std::array<std::uint8_t, n> out;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

SecretKey seed_of(const Vector& vector) { return SecretKey(array_of<32>(vector.seed)); }

}  // namespace

TEST_CASE("Ed25519 gives the keys and signatures of RFC 8032") {
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.seed);
    const SecretKey seed = seed_of(vector);
    const Bytes message = *from_hex(vector.message);
    CHECK(to_hex(ed25519_public_key(seed)) == vector.public_key);
    CHECK(to_hex(ed25519_sign(seed, message)) == vector.signature);
    CHECK(ed25519_verify(ed25519_public_key(seed), message, array_of<64>(vector.signature)));
  }
}

TEST_CASE("an Ed25519 signature with any bit changed is refused, and so is another message or key") {
  const SecretKey seed = seed_of(kVectors[2]);
  const auto key = ed25519_public_key(seed);
  const Bytes message = *from_hex(kVectors[2].message);
  const auto signature = array_of<64>(kVectors[2].signature);
  for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    auto changed = signature;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CAPTURE(bit);
    CHECK_FALSE(ed25519_verify(key, message, changed));
  }
  for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
    Bytes changed = message;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CHECK_FALSE(ed25519_verify(key, changed, signature));
  }
  CHECK_FALSE(ed25519_verify(ed25519_public_key(SecretKey::random()), message, signature));
  CHECK_FALSE(ed25519_verify(Ed25519PublicKey{}, message, signature));
  CHECK_FALSE(ed25519_verify(key, message, ByteView(signature).first(63)));
  CHECK_FALSE(ed25519_verify(key, message, {}));
}

// RFC 8032 section 5.1.7: S must be below the group's order L, or one signature would have two forms.
TEST_CASE("a signature whose S is not reduced is refused") {
  const SecretKey seed = seed_of(kVectors[1]);
  const Bytes message = *from_hex(kVectors[1].message);
  const auto order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  auto signature = ed25519_sign(seed, message);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned sum = unsigned{signature[32 + i]} + order[i] + carry;
    signature[32 + i] = static_cast<std::uint8_t>(sum);
    carry = sum >> 8;
  }
  CHECK_FALSE(ed25519_verify(ed25519_public_key(seed), message, signature));
}
