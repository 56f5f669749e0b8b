// A sealed field: a small text (a name, a number, a note) as it lies in the catalog, sealed under derive(key,
// kFieldLabel) and bound to its place, so that a value copied to another row or column does not open.
//
//     | 12 random IV | ciphertext | 16 tag |        AAD = "assent field 1" | u32 length + table | column | row, each so
//
// Random IVs: at most 2^32 fields under one key. The length of the text shows. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace assent {

struct FieldPlace {
  std::string_view table;
  std::string_view column;
  std::string_view row;  // the row's id, as text or as its bytes
};

Bytes seal_field(const SecretKey& field_key, const FieldPlace& place, std::string_view text);
// Errc::corrupt: damaged, moved, or sealed under another key.
Result<std::string> open_field(const SecretKey& field_key, const FieldPlace& place, ByteView sealed);

}  // namespace assent
