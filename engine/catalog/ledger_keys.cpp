#include "engine/catalog/ledger_keys.h"

namespace assent {

Result<std::shared_ptr<const LedgerSeal>> open_ledger_seal(Catalog& catalog, KeyRing& keys) {
  const auto rows = catalog.keys_of_kind(KeyKind::ledger);
  if (!rows) return rows.error();
  if (rows->empty()) return std::shared_ptr<const LedgerSeal>();
  const auto key = keys.open(rows->back().id);  // ids sort by age
  if (!key) return key.error();
  return std::shared_ptr<const LedgerSeal>(std::make_shared<LedgerSeal>(key->id, *key->key));
}

Result<std::shared_ptr<const LedgerSeal>> start_ledger_key(KeyRing& keys, const OpenKey& epoch,
                                                           const std::shared_ptr<const LedgerSeal>& before, WallTime at,
                                                           std::vector<Booking>& bookings) {
  const auto key = keys.make(KeyKind::ledger, epoch, bookings);
  if (!key) return key.error();
  std::shared_ptr<const LedgerSeal> seal = std::make_shared<LedgerSeal>(key->id, *key->key);
  bookings.emplace_back(booking::StartLedgerKey{seal, at});
  if (before != nullptr) bookings.emplace_back(booking::DestroyKey{before->key()});
  return seal;
}

}  // namespace assent
