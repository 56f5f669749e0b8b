// The key tree (DESIGN "Keys") as pure functions: each key is stored only wrapped under its parent, and destroying a
// wrapped key destroys everything below it.
//
//     root -> epoch -> tenant -> subject -> leg, participant, disclosure
//                             -> call
//                   -> ledger
//
// Some keys have guards besides: the subjects whose erasure must destroy them, too. Then what wraps them is the parent
// with each guard's key combined into it, in order, so every one of them is needed: never as alternatives.
//
// A wrapped key is | 12 random IV | 32 ciphertext | 16 tag | under AES-256-GCM, and its AAD binds it to its place, so a
// row moved to another id, kind or parent does not open:
//
//     "assent wrapped key 1" | u8 kind | 16 id | 16 parent id
//
// A key that serves several purposes is never used for two of them itself: each purpose gets `derive(key, label)`.
// Any thread. What rows exist, and when they are deleted, is the catalog's concern.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace assent {

// The numbers are stored and authenticated: never renumber.
enum class KeyKind : std::uint8_t {
  root = 1,
  epoch = 2,
  tenant = 3,
  subject = 4,
  leg = 5,
  call = 6,         // what belongs to a call and to no single person
  ledger = 7,       // signs ledger checkpoints
  participant = 8,  // what a call says of one person
  disclosure = 9,   // the archive that a person is given of themselves
};
std::string_view name_of(KeyKind kind);

struct WrappedKey {
  KeyId id;
  KeyKind kind = KeyKind::leg;
  KeyId parent;
  Bytes wrapped;                   // 60 bytes
  std::vector<KeyId> guards = {};  // in the order in which they are combined
};
inline constexpr KeyKind kLastKeyKind = KeyKind::disclosure;

// What binds a row to its place, and the error of one that does not open: for whoever wraps where the parent cannot
// leave (a hardware module), in the same format.
Bytes wrapped_key_aad(KeyKind kind, KeyId id, KeyId parent);
Error wrapped_key_does_not_open(const WrappedKey& wrapped);

WrappedKey wrap_key(const SecretKey& parent, KeyId parent_id, KeyKind kind, KeyId id, const SecretKey& key);

// Errc::corrupt: not this parent, or the row was damaged or moved (which of these, GCM cannot tell).
Result<SecretKey> unwrap_key(const SecretKey& parent, const WrappedKey& wrapped);

// HKDF-SHA512 of the key with the label as info: independent keys for independent uses.
SecretKey derive(const SecretKey& key, std::string_view label);
inline constexpr std::string_view kFieldLabel = "field";             // for seal_field
inline constexpr std::string_view kBlindIndexLabel = "blind-index";  // for blind_index

// A key that needs both: fold it over the guards, in order.
SecretKey combine(const SecretKey& first, const SecretKey& second);

}  // namespace assent
