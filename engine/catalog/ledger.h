// The ledger: an append-only record in which each entry carries the hash of the one before, so that no entry can be
// changed, removed, added or moved without every later hash giving it away.
//
//     hash = SHA-256( 32 hash of the previous record, zeros before the first | canonical JSON of this record )
//
// (canonical_json.h); the record is
//
//     {"at_ns":1700000000000000000,"body":{...},"call":"<id>" or null,"kind":"consent","seq":1}
//
// Bodies hold opaque ids, facts and hashes, never what names a person: the ledger survives every erasure. A consent's
// entry holds the hash of the whole consent record, which binds that row to the chain without repeating it.
//
// A chain alone cannot show that its end was cut off, nor that somebody reckoned it all anew: ledger_seal.h is for
// that, and ledger_check.h reads a ledger with both. Here: what a record is.
// Pure functions, any thread. Where the records are kept is the catalog's concern.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/sha256.h"
#include "engine/catalog/catalog.h"

namespace assent {

// The record that comes next. Errc::invalid when the body is not a JSON object that has a canonical form; it need not
// be in it yet.
Result<LedgerRow> next_ledger_row(const LedgerHead& head, const LedgerEntry& entry);

// The head after the row.
LedgerHead head_of(const LedgerRow& row);

// "SEQ:HASH", the hash in hex: short enough to be noted elsewhere.
std::string to_text(const LedgerHead& head);
std::optional<LedgerHead> parse_ledger_head(std::string_view text);

// The record as it is hashed, after the 32 bytes of the hash before it. Replaces `out`, whose memory is reused.
void ledger_hash_input(const Sha256Digest& previous, const LedgerRow& row, std::string& out);
// The record alone: what an export holds of it.
std::string ledger_record_json(const LedgerRow& row);

// What AddConsent puts on the ledger. Errc::invalid when the notice is not a JSON object ("" is none), or when a field
// is not UTF-8.
Result<LedgerEntry> ledger_entry_of(const ConsentRow& consent);

// SHA-256 over every field of a consent record in canonical JSON.
Result<Sha256Digest> consent_hash(const ConsentRow& consent);

}  // namespace assent
