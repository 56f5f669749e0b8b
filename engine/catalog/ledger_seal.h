// LedgerSeal: what only the owner of the ledger's key can say about a ledger.
//
// Two things, by keys derived from the one that the catalog stores wrapped (KeyKind::ledger):
//
// - A checkpoint signs where the chain stood, with Ed25519, for everyone who has the public part:
//
//       "assent ledger checkpoint 1" | u64 seq | 32 hash of record seq | i64 time, ns since 1970
//
//   It is the record that follows, of kind "checkpoint":
//
//       {"at_ns":...,"hash":"<hex>","key":"<id>","seq":...,"signature":"<hex>"}
//
//   Whoever rewrites a record before it must forge the signature, or leave it out; what follows the last checkpoint,
//   and the checkpoint itself, could still be cut off. Hence
//
// - the kept head: where the chain ends, in a table beside it, replaced in every transaction that appends, with
//
//       HMAC-SHA256( "assent ledger head 1" | u64 seq | 32 hash | u64 seq of the last checkpoint )
//
//   Without the key nothing can be cut off, added or rewritten. What neither shows is the whole file put back as it was
//   at an earlier time, kept head included: for that, note the head that a stop prints and verify against it.
//
// A key comes into use by a record of kind "ledger_key", {"key":"<id>","public_key":"<hex>","signature":"<hex>"},
// signed by the key before, the first one by itself:
//
//       "assent ledger key 1" | u64 seq of the record before | 32 its hash | 32 public key
//
// Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "crypto/ed25519.h"
#include "crypto/hkdf.h"
#include "engine/catalog/catalog.h"

namespace assent {

// What a checkpoint record says.
struct LedgerCheckpoint {
  LedgerHead head;
  WallTime at;
  KeyId key;
  Ed25519Signature signature{};
};
std::string checkpoint_json(const LedgerCheckpoint& checkpoint);  // canonical
std::optional<LedgerCheckpoint> parse_checkpoint(std::string_view json);
bool verify_checkpoint(const LedgerCheckpoint& checkpoint, const Ed25519PublicKey& key);

// What a ledger_key record says.
struct LedgerKeyStart {
  KeyId key;
  Ed25519PublicKey public_key{};
  Ed25519Signature signature{};
};
std::string key_start_json(const LedgerKeyStart& start);  // canonical
std::optional<LedgerKeyStart> parse_key_start(std::string_view json);
// `before`: where the chain stood; `signer`: the key in use there, or the new one when there was none.
bool verify_key_start(const LedgerKeyStart& start, const LedgerHead& before, const Ed25519PublicKey& signer);

struct KeptHead {
  LedgerHead head;
  std::uint64_t checkpoint_seq = 0;  // of the last checkpoint; 0 when there is none
  HmacSha256 mac{};
};

class LedgerSeal {
 public:
  LedgerSeal(KeyId id, const SecretKey& key);

  KeyId key() const { return id_; }
  const Ed25519PublicKey& public_key() const { return public_key_; }

  LedgerCheckpoint sign(const LedgerHead& head, WallTime at) const;
  // Puts `next` in use after `before`: signed by this one. A first key signs for itself.
  LedgerKeyStart start(const LedgerSeal& next, const LedgerHead& before) const;

  // A receipt (engine/receipts) as a JWS whose `kid` is this key's id.
  std::string sign_receipt(std::string_view json) const;

  KeptHead keep(const LedgerHead& head, std::uint64_t checkpoint_seq) const;
  bool is_ours(const KeptHead& kept) const;

 private:
  KeyId id_;
  SecretKey signing_;
  SecretKey head_key_;
  Ed25519PublicKey public_key_;
};

}  // namespace assent
