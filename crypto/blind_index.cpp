#include "crypto/blind_index.h"

#include "crypto/hkdf.h"

namespace assent {

BlindIndex blind_index(const SecretKey& index_key, std::string_view kind, std::string_view normalised_text) {
  Bytes input;
  append_be32(input, static_cast<std::uint32_t>(kind.size()));
  append(input, bytes_of(kind));
  append(input, bytes_of(normalised_text));
  return hmac_sha256(index_key.reveal(), input);
}

}  // namespace assent
