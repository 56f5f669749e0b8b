// The export of a ledger: everything that others need to verify it without this program, one JSON object a line.
//
//     {"assent_ledger_export":1,"public_key":"<hex>"}           the key that the last line is signed with, null if none
//     {"hash":"<hex>","record":{...}}                           each record, in canonical JSON, as it was hashed
//     {"checkpoint":{"at_ns":...,"hash":...,"key":...,"seq":...,"signature":...}}     over the last record, signed now
//
// What is hashed and signed, and how, stands in engine/catalog/ledger.h and ledger_seal.h; tests/ledger/check_export.py
// does it in a page of Python. The last line is no record of the ledger; without it an export could be cut off unseen.
#pragma once

#include <functional>
#include <string>

#include "engine/catalog/sqlite_catalog.h"

namespace assent {

// Verifies the ledger, then gives `write` one line after the other, each with its line feed. The head of what was
// written. `seal` may be null: then there is no last line. Errc::corrupt: the ledger is broken.
Result<LedgerHead> export_ledger(SqliteCatalog& catalog, const LedgerSeal* seal, WallTime now,
                                 const std::function<Result<void>(const std::string&)>& write);

}  // namespace assent
