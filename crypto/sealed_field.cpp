#include "crypto/sealed_field.h"

#include "crypto/aes_gcm.h"

namespace assent {

namespace {

Bytes aad_of(const FieldPlace& place) {
  Bytes aad;
  append(aad, bytes_of("assent field 1"));
  for (const std::string_view part : {place.table, place.column, place.row}) {
    append_be32(aad, static_cast<std::uint32_t>(part.size()));
    append(aad, bytes_of(part));
  }
  return aad;
}

}  // namespace

Bytes seal_field(const SecretKey& field_key, const FieldPlace& place, std::string_view text) {
  return seal_with_random_iv(field_key, aad_of(place), bytes_of(text));
}

Result<std::string> open_field(const SecretKey& field_key, const FieldPlace& place, ByteView sealed) {
  std::string text(sealed.size() < kSealedOverhead ? 0 : sealed.size() - kSealedOverhead, '\0');
  const ByteSpan plain(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
  if (!open_with_random_iv(field_key, aad_of(place), sealed, plain)) {
    return error(Errc::corrupt, "field " + std::string(place.table) + "." + std::string(place.column) +
                                    " does not open: it was changed, moved, or sealed under another key");
  }
  return text;
}

}  // namespace assent
