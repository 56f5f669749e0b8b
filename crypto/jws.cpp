#include "crypto/jws.h"

namespace assent {

std::string to_base64url(ByteView bytes) {
  std::string text = to_base64(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

std::string sign_jws(const SecretKey& seed, std::string_view header, std::string_view payload) {
  std::string text = to_base64url(bytes_of(header)) + "." + to_base64url(bytes_of(payload));
  text += "." + to_base64url(ed25519_sign(seed, bytes_of(text)));
  return text;
}

std::string jwk_json(const Ed25519PublicKey& key, std::string_view kid) {
  return R"({"alg":"EdDSA","crv":"Ed25519","kid":")" + std::string(kid) + R"(","kty":"OKP","use":"sig","x":")" +
         to_base64url(key) + R"("})";
}

}  // namespace assent
