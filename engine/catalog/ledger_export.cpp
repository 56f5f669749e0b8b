#include "engine/catalog/ledger_export.h"

#include "engine/catalog/ledger.h"
#include "engine/catalog/ledger_check.h"

namespace assent {

Result<LedgerHead> export_ledger(SqliteCatalog& catalog, const LedgerSeal* seal, WallTime now,
                                 const std::function<Result<void>(const std::string&)>& write) {
  if (const auto verified = catalog.verify_ledger(); !verified) return verified.error();
  const std::string key = seal == nullptr ? "null" : "\"" + to_hex(seal->public_key()) + "\"";
  if (auto wrote = write("{\"assent_ledger_export\":1,\"public_key\":" + key + "}\n"); !wrote) return wrote.error();
  // Read again, and so checked again: what is signed below is what was written.
  LedgerCheck check;
  auto walked = catalog.walk_ledger([&](const LedgerRow& row) -> Result<void> {
    if (auto next = check.next(row); !next) return next;
    return write("{\"hash\":\"" + to_hex(row.hash) + "\",\"record\":" + ledger_record_json(row) + "}\n");
  });
  if (!walked) return walked.error();
  if (seal != nullptr) {
    const auto wrote = write("{\"checkpoint\":" + checkpoint_json(seal->sign(check.head(), now)) + "}\n");
    if (!wrote) return wrote.error();
  }
  return check.head();
}

}  // namespace assent
