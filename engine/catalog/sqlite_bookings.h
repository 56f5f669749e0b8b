// SqliteBookings: applies bookings to the database inside one transaction. It owns what lives as long as the
// transaction does (where the ledger's chain stands); beginning and ending the transaction is the catalog's part.
// The writer's thread.
#pragma once

#include <optional>

#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/sqlite_database.h"

namespace assent {

class SqliteBookings {
 public:
  explicit SqliteBookings(SqliteDatabase& database) : database_(database) {}

  // An error leaves the transaction half done: the caller rolls it back.
  Result<void> apply(const Booking& booking);

 private:
  Result<void> put(const booking::AddKey& add);
  Result<void> put(const booking::AddTenant& add);
  Result<void> put(const booking::AddSubject& add);
  Result<void> put(const booking::AddCall& add);
  Result<void> put(const booking::AddParticipant& add);
  Result<void> put(const booking::AddLeg& add);
  Result<void> put(const booking::SetLegCodec& set);
  Result<void> put(const booking::SetLegCounts& set);
  Result<void> put(const booking::AddConsent& add);
  Result<void> put(const booking::EndCall& end);
  Result<void> put(const booking::OpenRecording& open);
  Result<void> put(const booking::CloseRecording& close);
  Result<void> put(const booking::AddSegment& add);
  Result<void> put(const booking::AddStandingConsent& add);
  Result<void> put(const booking::WithdrawStandingConsent& withdraw);
  Result<void> put(const booking::AddNotice& add);
  Result<void> put(const booking::AddPurpose& add);
  Result<void> put(const booking::AddNote& add);
  Result<void> put(const booking::AddLedger& add);
  Result<void> put(const booking::StartErasure& start);
  Result<void> put(const booking::UpdateErasure& update);
  Result<void> put(const booking::DestroyKey& destroy);
  Result<void> put(const booking::RemoveSegment& remove);
  Result<void> put(const booking::EraseRecording& erase);

  Result<void> require_key(KeyId key);
  Result<void> require_standing(const ConsentRow& row);
  Result<std::optional<std::int64_t>> keep_sealed(ByteView body);  // its number; nothing for empty bytes
  Result<void> changed_one(Result<void> done, std::string_view what);
  Result<void> append_ledger(const LedgerEntry& entry);

  SqliteDatabase& database_;
  std::optional<LedgerHead> head_;  // once it has been looked up
};

}  // namespace assent
