#include "crypto/wrapped_key.h"

#include <new>
#include <string>

#include "crypto/aes_gcm.h"
#include "crypto/hkdf.h"

namespace assent {

namespace {

SecretKey hkdf_key(ByteView salt, ByteView input_key, std::string_view info) {
  return SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> bytes) {
    ASSENT_CHECK(hkdf_sha512(salt, input_key, bytes_of(info), bytes));
  });
}

}  // namespace

std::string_view name_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::root: return "root";
    case KeyKind::epoch: return "epoch";
    case KeyKind::tenant: return "tenant";
    case KeyKind::subject: return "subject";
    case KeyKind::leg: return "leg";
    case KeyKind::call: return "call";
    case KeyKind::ledger: return "ledger";
    case KeyKind::participant: return "participant";
    case KeyKind::disclosure: return "disclosure";
  }
  return "unknown";
}

Bytes wrapped_key_aad(KeyKind kind, KeyId id, KeyId parent) {
  Bytes aad;
  append(aad, bytes_of("assent wrapped key 1"));
  aad.push_back(static_cast<std::uint8_t>(kind));
  append(aad, id.view());
  append(aad, parent.view());
  return aad;
}

Error wrapped_key_does_not_open(const WrappedKey& wrapped) {
  return error(Errc::corrupt, std::string(name_of(wrapped.kind)) + " key " + to_text(wrapped.id) +
                                  " does not open with key " + to_text(wrapped.parent) +
                                  ": that is another key, or the row was changed");
}

WrappedKey wrap_key(const SecretKey& parent, KeyId parent_id, KeyKind kind, KeyId id, const SecretKey& key) {
  return {id, kind, parent_id, seal_with_random_iv(parent, wrapped_key_aad(kind, id, parent_id), key.reveal())};
}

Result<SecretKey> unwrap_key(const SecretKey& parent, const WrappedKey& wrapped) {
  if (wrapped.wrapped.size() != SecretKey::kBytes + kSealedOverhead) return wrapped_key_does_not_open(wrapped);
  try {
    bool opened = false;
    auto key = SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> bytes) {
      const Bytes place = wrapped_key_aad(wrapped.kind, wrapped.id, wrapped.parent);
      opened = open_with_random_iv(parent, place, wrapped.wrapped, bytes).has_value();
    });
    if (!opened) return wrapped_key_does_not_open(wrapped);
    return key;
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "the memory reserved for keys is used up");
  }
}

SecretKey derive(const SecretKey& key, std::string_view label) { return hkdf_key({}, key.reveal(), label); }

SecretKey combine(const SecretKey& first, const SecretKey& second) {
  return hkdf_key(first.reveal(), second.reveal(), "assent combined key 1");
}

}  // namespace assent
