// The receipt for an erasure: what was destroyed, when, who asked, and who made sure that nothing is left with them.
//
// JSON-LD like the other receipts (receipts.h), of "assent:" terms. All of it is what the ledger's last entry of the
// erasure says (erasure_record.h), whose number and hash it names; nobody is named but by an opaque id. Its id comes
// from the erasure's, and it is as of when the erasure was done: made again it is the same. Only the publisher is told
// as the pipeline file names them now.
//
// For each kind of thing it has the number, and SHA-256 over the sorted ids, a line each; and the ids themselves unless
// they are more than limits::kReceiptIds in all. An erasure of a tenant may have millions, which belong neither into
// one reply nor into one record. They are all on the ledger, in its entries of this erasure from "assent:from" on, call
// by call, which are read a page at a time and checked against the digest.
//
// Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/catalog/erasure_record.h"
#include "engine/receipts/receipt_terms.h"

namespace assent {

// A UUID of version 8 (RFC 9562 section 5.8) from the erasure's id.
ReceiptId receipt_id_of(ErasureId erasure);

nlohmann::ordered_json erasure_receipt(const std::optional<ReceiptTerms>& terms, const ErasureRecord& record);

}  // namespace assent
