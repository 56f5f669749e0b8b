// A blind index: finds the rows of a person by a keyed hash, without the catalog holding who that is.
//
//     HMAC-SHA256(derive(key, kBlindIndexLabel), u32 length of kind | kind | text)
//
// Equal texts give equal values under one key, nothing else is told; without the key, guessing texts gets nowhere. The
// caller normalises the text (a phone number to E.164, a reference as it stands): "kind" keeps a number from matching
// an equal reference. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "crypto/secret.h"

namespace assent {

using BlindIndex = std::array<std::uint8_t, 32>;

BlindIndex blind_index(const SecretKey& index_key, std::string_view kind, std::string_view normalised_text);

}  // namespace assent
