// The ledger: an append-only record in which each entry carries the hash of the one before, so that no entry can be
// changed, removed, added or moved without every later hash giving it away.
//
//     hash = SHA-256( 32 hash of the previous record, zeros before the first | canonical JSON of this record )
//
// Canonical JSON: UTF-8, keys sorted by byte, no white space, as nlohmann-json dumps it; the record is
//
//     {"at_ns":1700000000000000000,"body":{...},"call":"<id>" or null,"kind":"consent","seq":1}
//
// Bodies hold opaque ids, facts and hashes, never what names a person: the ledger survives every erasure. A consent's
// entry holds the hash of the whole consent record, which binds that row to the chain without repeating it.
//
// What the chain alone cannot show is that its end was cut off; signed checkpoints are for that.
// Pure functions, any thread. Where the records are kept is the catalog's concern.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "crypto/sha256.h"
#include "engine/catalog/catalog.h"

namespace assent {

// Where the chain stands: the last record's number and hash; zeros when there is none.
struct LedgerHead {
  std::uint64_t seq = 0;
  Sha256Digest hash{};
};

// The record that comes next. Errc::invalid when the body is not a JSON object in UTF-8; it need not be canonical yet.
Result<LedgerRow> next_ledger_row(const LedgerHead& head, const LedgerEntry& entry);

// The head after `row`, which must be the one that follows `head`. Errc::corrupt says at which seq the chain breaks and
// how: a missing record, one out of order, a body that is not canonical, or a hash that does not match.
Result<LedgerHead> verify_next(const LedgerHead& head, const LedgerRow& row);

// What AddConsent puts on the ledger. Errc::invalid when the notice is not a JSON object ("" is none).
Result<LedgerEntry> ledger_entry_of(const ConsentRow& consent);

// The consent record that a ledger row of kind "consent" is about. Errc::corrupt when it names none.
Result<ConsentId> consent_of(const LedgerRow& row);

// SHA-256 over every field of a consent record in canonical JSON.
Result<Sha256Digest> consent_hash(const ConsentRow& consent);

}  // namespace assent
