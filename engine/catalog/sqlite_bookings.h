// SqliteBookings: applies bookings to the database inside one transaction. It owns what lives as long as the
// transaction does (where the ledger's chain stands); beginning and ending the transaction is the catalog's part.
//
// The ledger is extended only where it was last left: what ends otherwise than the kept head says, or has one and no
// key is here, is refused (Errc::corrupt, Errc::unsupported), so that nothing written covers up what was cut off.
// The writer's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/ledger_seal.h"
#include "engine/catalog/processor_event.h"
#include "engine/catalog/retention_end.h"
#include "engine/catalog/sqlite_database.h"

namespace assent {

// Who seals the ledger, and after how many records it signs a checkpoint by itself.
struct LedgerSealing {
  std::shared_ptr<const LedgerSeal> seal;  // null: nothing seals it (yet)
  std::uint64_t checkpoint_records = limits::kCheckpointRecords;
};

// What the catalog keeps of the ledger's end; none in a ledger that nothing seals.
Result<std::optional<KeptHead>> read_kept_head(SqliteDatabase& database);

class SqliteBookings {
 public:
  SqliteBookings(SqliteDatabase& database, LedgerSealing sealing, std::shared_ptr<const RetentionRules> retention)
      : database_(database), sealing_(std::move(sealing)), retention_(std::move(retention)) {}

  // An error leaves the transaction half done: the caller rolls it back.
  Result<void> apply(const Booking& booking);
  // After the last booking, before the commit: keeps where the ledger ends, whether this extended it or not.
  Result<void> finish();
  // Who seals the ledger once this is committed.
  const LedgerSealing& sealing() const { return sealing_; }
  // How many records there are, when this appended to them; when it last signed a checkpoint, if it did.
  std::optional<std::uint64_t> ledger_records() const { return appended_ ? std::optional(head_->seq) : std::nullopt; }
  std::optional<WallTime> checkpoint_at() const { return checkpoint_at_; }
  bool outbox_changed() const { return outbox_changed_; }  // or who the processors are, or an erasure waits for them

 private:
  Result<void> put(const booking::AddKey& add);
  Result<void> put(const booking::AddTenant& add);
  Result<void> put(const booking::AddSubject& add);
  Result<void> put(const booking::AddCall& add);
  Result<void> put(const booking::AddParticipant& add);
  Result<void> put(const booking::AddLeg& add);
  Result<void> put(const booking::SetLegCodec& set);
  Result<void> put(const booking::SetLegCounts& set);
  Result<void> put(const booking::SetLegMedia& set);
  Result<void> put(const booking::SetLegMetrics& set);
  Result<void> put(const booking::AddConsent& add);
  Result<void> put(const booking::EndCall& end);
  Result<void> put(const booking::OpenRecording& open);
  Result<void> put(const booking::CloseRecording& close);
  Result<void> put(const booking::ReopenRecording& reopen);
  Result<void> put(const booking::AddSegment& add);
  Result<void> put(const booking::AddStandingConsent& add);
  Result<void> put(const booking::WithdrawStandingConsent& withdraw);
  Result<void> put(const booking::AddNotice& add);
  Result<void> put(const booking::AddPurpose& add);
  Result<void> put(const booking::AddNote& add);
  Result<void> put(const booking::EraseNote& erase);
  Result<void> put(const booking::AddLedger& add);
  Result<void> put(const booking::StartLedgerKey& start);
  Result<void> put(const booking::AddCheckpoint& add);
  Result<void> put(const booking::ProveLedger&) { return {}; }
  Result<void> put(const booking::StartErasure& start);
  Result<void> put(const booking::UpdateErasure& update);
  Result<void> put(const booking::DestroyKey& destroy);
  Result<void> put(const booking::RemoveSegment& remove);
  Result<void> put(const booking::EraseRecording& erase);
  Result<void> put(const booking::ForgetCall& forget);
  Result<void> put(const booking::ForgetParticipant& forget);
  Result<void> put(const booking::EraseSubject& erase);
  Result<void> put(const booking::EraseTenant& erase);
  // sqlite_outbox_bookings.cpp
  Result<void> put(const booking::AwaitProcessors& await);
  Result<void> put(const booking::SetProcessors& set);
  Result<void> put(const booking::NoteDelivery& note);
  Result<void> put(const booking::RetryDeliveries& retry);
  Result<void> put(const booking::WaiveDeliveries& waive);
  // sqlite_key_bookings.cpp
  Result<void> put(const booking::ReplaceEpochKey& replace);
  Result<void> put(const booking::ReplaceTenantKey& replace);
  Result<void> put(const booking::ReplaceSubjectKey& replace);
  Result<void> put(const booking::RewrapKey& rewrap);
  Result<void> put(const booking::ResealParticipant& reseal);
  Result<void> put(const booking::RetireKey& retire);

  // sqlite_outbox_bookings.cpp
  Result<void> tell_of(const ConsentRow& row);
  Result<void> tell_of(const booking::StartErasure& start);
  Result<void> tell(const ProcessorEvent& event, const std::vector<std::string>& processors);
  Result<const std::vector<ProcessorRow>*> processors();
  // sqlite_hold_bookings.cpp
  Result<void> put(const booking::PlanRetention& plan);
  Result<void> put(const booking::PlaceHold& place);
  Result<void> put(const booking::EndHold& end);
  Result<void> put(const booking::RequireNoHold& require);
  Result<void> put(const booking::BeginHeldErasure& begin);
  Result<void> put(const booking::EraseLegs& erase);
  Result<void> put(const booking::EraseUnheld& erase);
  Result<void> plan_retention_of(CallId call);
  Result<std::optional<CallId>> call_of(const HoldRow& row);

  Result<void> require_key(KeyId key);
  Result<void> require_usable(KeyId key);
  Result<void> set_successor(KeyId old, KeyId successor);
  Result<void> set_guards(const WrappedKey& key);
  Result<void> destroy_key(KeyId key);
  Result<void> overwrite_key(const WrappedKey& key);
  Result<void> require_standing(const ConsentRow& row);
  Result<std::optional<std::int64_t>> keep_said(const ConsentRow& row);
  Result<std::optional<std::int64_t>> keep_sealed(ByteView body);  // its number; nothing for empty bytes
  Result<void> forget_media(CallId call);
  Result<void> changed_one(Result<void> done, std::string_view what);
  Result<void> find_head();
  Result<void> append_ledger(const LedgerEntry& entry);
  Result<void> append_record(const LedgerEntry& entry);
  Result<void> append_checkpoint(WallTime at);

  SqliteDatabase& database_;
  LedgerSealing sealing_;
  std::shared_ptr<const RetentionRules> retention_;  // null: nobody has said how long recordings are kept
  std::optional<LedgerHead> head_;                   // once it has been looked up
  std::uint64_t checkpoint_seq_ = 0;
  std::optional<WallTime> checkpoint_at_;
  bool appended_ = false;
  std::optional<std::vector<ProcessorRow>> processors_;  // that are such now, once they have been looked up
  bool outbox_changed_ = false;
};

}  // namespace assent
