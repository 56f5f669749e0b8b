#include "crypto/jws.h"

#include <catch2/catch.hpp>

using namespace assent;

namespace {

SecretKey key_from(std::string_view hex) { return *SecretKey::from_bytes(*from_hex(hex)); }

// RFC 8037 appendix A.1: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" in hex.
constexpr std::string_view kSeed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

}  // namespace

TEST_CASE("base64url has no padding, and letters of its own") {
  CHECK(to_base64url({}).empty());
  CHECK(to_base64url(bytes_of("f")) == "Zg");
  CHECK(to_base64url(bytes_of("fo")) == "Zm8");
  CHECK(to_base64url(bytes_of("foo")) == "Zm9v");
  CHECK(to_base64url(Bytes{0xFB, 0xFF, 0xBF}) == "-_-_");
}

TEST_CASE("the example of RFC 8037 appendix A.4 is signed as it says") {
  CHECK(sign_jws(key_from(kSeed), R"({"alg":"EdDSA"})", "Example of Ed25519 signing") ==
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

TEST_CASE("the public key of RFC 8037 appendix A.2 as a JWK") {
  CHECK(jwk_json(ed25519_public_key(key_from(kSeed)), "one") ==
        R"({"alg":"EdDSA","crv":"Ed25519","kid":"one","kty":"OKP","use":"sig",)"
        R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
}
