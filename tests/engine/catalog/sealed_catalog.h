// A catalog of which the ledger is sealed, as the engine opens it: root key, epoch key, the ledger's key.
#pragma once

#include "catalog_rows.h"
#include "crypto/file_root_key.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/ledger_keys.h"

namespace assent::test {

class SealedCatalog {
 public:
  explicit SealedCatalog(const TempFolder& folder, std::uint64_t checkpoint_records = limits::kCheckpointRecords)
      : folder_(folder), checkpoint_records_(checkpoint_records) {
    reopen();
  }

  std::unique_ptr<SqliteCatalog> catalog;
  std::shared_ptr<const LedgerSeal> seal;

  void close() {
    keys_.reset();
    catalog.reset();
  }

  void reopen() {
    close();
    auto root = FileRootKey::open_or_create(folder_.path() / "root.key");
    REQUIRE_OK(root);
    root_.emplace(*std::move(root));
    catalog = open_catalog(folder_);
    keys_.emplace(*catalog, *root_);
    const auto opened = open_ledger_seal(*catalog, *keys_);
    REQUIRE_OK(opened);
    seal = *opened;
    catalog->seal_ledger({seal, checkpoint_records_});
    if (seal == nullptr) rotate();
  }

  void book(const std::vector<Booking>& bookings) { REQUIRE_OK(catalog->book(bookings)); }

  void rotate() {
    std::vector<Booking> bookings;
    const auto epoch = keys_->epoch(bookings);
    REQUIRE_OK(epoch);
    const auto next = start_ledger_key(*keys_, *epoch, seal, at_ms(0), bookings);
    REQUIRE_OK(next);
    book(bookings);
    seal = *next;
  }

 private:
  const TempFolder& folder_;
  const std::uint64_t checkpoint_records_;
  std::optional<FileRootKey> root_;
  std::optional<KeyRing> keys_;
};

}  // namespace assent::test
