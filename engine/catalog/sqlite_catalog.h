// SqliteCatalog: the catalog in one SQLite file, "catalog.db" in the state folder, mode 0600.
//
// It decides how the file is kept: write-ahead log, every commit fsynced (synchronous=FULL), destroyed values
// overwritten (secure_delete, and see sqlite_schema.cpp for what that needs), foreign keys enforced, one schema
// version.
//
// Who may open it: one writer, which holds an exclusive flock on "catalog.lock" beside the file for as long as it
// lives, and any number of readers (the command line), whether a writer runs or not.
//
// Threads: `book` and `forget_deleted` as the contract says, from one thread, on the writing connection. The queries
// come from any thread; each borrows one of limits::kCatalogReaders read-only connections, opened when first needed,
// and waits while all are lent out. A query sees everything booked before it began.
//
// After an I/O error in a commit the writer refuses every further booking until it is opened anew: a failed fsync is
// never retried, because the kernel may have dropped the pages it could not write. A full disk is not such an error.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/catalog/sqlite_bookings.h"
#include "engine/catalog/sqlite_database.h"

namespace assent {

class SqliteCatalog final : public Catalog {
 public:
  // Creates the file when there is none and migrates an older one. Errc::conflict: another engine has this folder.
  static Result<std::unique_ptr<SqliteCatalog>> open(const std::filesystem::path& folder);
  // `book` gives Errc::unsupported. Errc::not_found: there is no catalog in the folder.
  static Result<std::unique_ptr<SqliteCatalog>> open_read_only(const std::filesystem::path& folder);
  ~SqliteCatalog() override;

  // Null until there is a key.
  std::shared_ptr<const LedgerSeal> seal();
  // Who seals the ledger from here on, and checks its end. Before any other thread books or verifies.
  void seal_ledger(LedgerSealing sealing);

  // How long recordings are kept, from here on; those closed before are for whoever asks for them to be planned anew.
  void keep_recordings(std::shared_ptr<const RetentionRules> rules);

  Result<void> book(std::span<const Booking> bookings) override;
  Result<void> forget_deleted() override;

  Result<std::optional<WrappedKey>> key(KeyId id) override;
  Result<std::vector<WrappedKey>> keys_of_kind(KeyKind kind) override;
  Result<std::vector<WrappedKey>> keys_under(KeyId parent, std::optional<KeyId> after) override;
  Result<std::vector<ReplacedKey>> replaced_keys(KeyKind kind, std::optional<KeyId> after) override;
  Result<std::optional<KeyId>> successor(KeyId id) override;
  Result<std::optional<KeyId>> predecessor(KeyId successor) override;
  Result<std::uint64_t> key_count() override;
  Result<std::optional<TenantRow>> tenant_of_key(KeyId key) override;
  Result<std::optional<SubjectRow>> subject_of_key(KeyId key) override;
  Result<std::vector<ParticipantRow>> participants_under(SubjectId subject, KeyId key) override;
  Result<std::optional<TenantRow>> tenant(std::string_view name) override;
  Result<std::optional<TenantRow>> tenant(TenantId id) override;
  Result<std::optional<SubjectRow>> subject(SubjectId id) override;
  Result<std::optional<SubjectRow>> subject(TenantId tenant, ByteView blind_index) override;
  Result<std::optional<CallRow>> call(CallId id) override;
  Result<std::vector<CallRow>> calls_in_state(CallState state) override;
  Result<std::vector<CallRow>> calls_of(SubjectId subject) override;
  Result<std::optional<CallId>> live_call_of(SubjectId subject) override;
  Result<std::optional<CallId>> live_call_of(TenantId tenant) override;
  Result<std::vector<ParticipantRow>> participants(CallId call) override;
  Result<std::vector<LegRow>> legs(CallId call) override;
  Result<std::vector<ConsentRow>> consents(CallId call) override;
  Result<std::vector<CallRow>> calls_of(TenantId tenant) override;
  Result<std::vector<SubjectRow>> subjects_of(TenantId tenant) override;
  Result<std::vector<StandingConsentRow>> standing_consents(SubjectId subject) override;
  Result<std::vector<NoticeRow>> notices(const NoticeFilter& filter) override;
  Result<std::vector<PurposeRow>> purposes() override;
  Result<std::optional<RecordingRow>> recording(RecordingId id) override;
  Result<std::optional<RecordingRow>> recording_of(CallId call) override;
  Result<std::vector<RecordingRow>> recordings(const RecordingFilter& filter) override;
  Result<std::vector<SegmentRow>> segments(RecordingId recording) override;
  Result<std::optional<SegmentRow>> segment(SegmentId id) override;
  Result<std::uint64_t> stored_bytes(TenantId tenant) override;
  Result<std::vector<NoteRow>> notes(CallId call) override;
  Result<std::optional<ErasureRow>> erasure(ErasureId id) override;
  Result<std::vector<ErasureRow>> unfinished_erasures() override;
  Result<std::vector<ErasureRow>> waiting_erasures() override;
  Result<std::vector<ProcessorRow>> processors() override;
  Result<std::vector<DeliveryRow>> deliveries(std::string_view processor, DeliveryState state,
                                              std::size_t limit) override;
  Result<std::vector<DeliveryRow>> deliveries_of(ErasureId erasure) override;
  Result<std::optional<DeliveryRow>> delivery(std::string_view processor, EventId event) override;
  Result<std::vector<DeliveryCount>> delivery_counts() override;
  // Another number after each commit that concerns processors.
  std::uint64_t outbox_version() const { return outbox_version_.load(std::memory_order_acquire); }
  Result<std::vector<ErasureRow>> held_erasures() override;
  Result<std::optional<HoldRow>> hold(HoldId id) override;
  Result<std::vector<HoldRow>> holds(const HoldFilter& filter) override;
  Result<std::vector<HoldRow>> holds_over(HoldTarget target, const std::array<std::uint8_t, 16>& id) override;
  Result<std::optional<WallTime>> next_hold_end() override;
  Result<std::vector<DueRecording>> due_recordings(WallTime now, const std::optional<DueRecording>& after,
                                                   std::size_t limit) override;
  Result<std::vector<RecordingId>> recordings_to_plan(std::size_t limit) override;
  Result<std::vector<LedgerRow>> ledger(const LedgerFilter& filter) override;
  Result<WallTime> last_recorded() override;
  Result<std::uint64_t> last_seq() override;
  Result<LedgerReport> verify_ledger(const std::optional<LedgerHead>& noted = std::nullopt) override;
  Result<std::optional<KeptHead>> kept_head();
  // Every key that was put in use, oldest first: a receipt outlives the key that signed it.
  Result<std::vector<LedgerKeyStart>> ledger_keys();
  // Every record in order, to `take`, whose error ends the walk. What is appended meanwhile may be missing.
  Result<void> walk_ledger(const std::function<Result<void>(const LedgerRow&)>& take);

  // What was last committed, for the metrics; before the first booking, what `count_from` said.
  struct LedgerCounts {
    std::uint64_t records = 0;
    std::optional<WallTime> last_checkpoint;
  };
  LedgerCounts ledger_counts();
  void count_from(const LedgerReport& report);

  // PRAGMA integrity_check and foreign_key_check: Errc::corrupt with the first finding. For tests and `assent verify`.
  Result<void> check_integrity();

 private:
  // A read connection on loan; whoever holds it gives it back by letting go.
  struct GiveBack {
    SqliteCatalog* catalog;
    void operator()(SqliteDatabase* connection) const;
  };
  using Lent = std::unique_ptr<SqliteDatabase, GiveBack>;

  SqliteCatalog(std::string path, int lock_fd, std::unique_ptr<SqliteDatabase> writer);
  Result<Lent> borrow();
  Result<void> book_in_transaction(std::span<const Booking> bookings);
  template <typename Row, typename... Arguments>
  Result<std::optional<Row>> find(const char* sql, const Arguments&... arguments);
  template <typename Row, typename... Arguments>
  Result<std::vector<Row>> list(const char* sql, const Arguments&... arguments);
  Result<std::vector<WrappedKey>> with_guards(Result<std::vector<WrappedKey>> keys);
  Result<void> add_guards(std::span<WrappedKey> keys);
  void note_committed(const SqliteBookings& transaction);
  std::shared_ptr<const RetentionRules> retention_rules();

  const std::string path_;
  const int lock_fd_;                       // -1 for a reader
  std::unique_ptr<SqliteDatabase> writer_;  // null for a reader
  std::optional<Error> broken_;             // the I/O error after which nothing more is booked

  std::mutex mutex_;  // guards what follows; held only to take or return a connection, or what is known of the ledger
  std::condition_variable returned_;
  std::vector<std::unique_ptr<SqliteDatabase>> idle_;
  std::size_t readers_ = 0;  // lent out or idle
  LedgerSealing sealing_;    // changed by the writer's thread
  std::shared_ptr<const RetentionRules> retention_;
  LedgerCounts ledger_counts_;
  std::atomic<std::uint64_t> outbox_version_{0};  // written by the writer's thread (release)
};

}  // namespace assent
