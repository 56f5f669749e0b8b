// Catalog: what the engine remembers about calls, people, consents, keys, recordings and segments.
//
// A narrow interface with two native backends (SQLite now, PostgreSQL to come). Everything that changes is a Booking; a
// span of bookings is one transaction: when `book` returns success, all of it has been fsynced, and when it returns an
// error none of it happened. Clear text here is only opaque ids, times, sizes and states: names, addresses, references
// and notes are sealed by the caller before they arrive, and people are looked up by a keyed hash (blind index).
//
// `book` and `forget_deleted` are called by one thread (the CatalogWriter). The queries may be called from any thread;
// each sees everything booked before it began.
//
// Errors of `book`, besides what each booking says: Errc::conflict (an id or a unique name is taken; two callers made
// the same subject at once: look it up), Errc::not_found (a row to be changed is not there), Errc::invalid (a row
// refers to one that is not there; JSON that is none). Errc::unavailable, io, corrupt: the catalog's own trouble,
// nobody's booking is bad. Errors of the queries: the last three; Errc::exhausted when a query without a cursor finds
// more than limits::kCatalogRows rows, rather than part of them. Listings with a cursor give at most
// limits::kCatalogListRows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/wrapped_key.h"
#include "engine/catalog/bookings.h"
#include "engine/catalog/catalog_rows.h"

namespace assent {

struct ReplacedKey {
  KeyId id;
  KeyId successor;
};

struct RecordingFilter {
  std::optional<SubjectId> subject;
  std::optional<TenantId> tenant;
  std::optional<WallTime> from;
  std::optional<WallTime> to;
  std::optional<RecordingState> state;
  std::optional<RecordingId> after;  // the cursor: the last id of the page before (newest first)
  std::size_t limit = 100;
};

// What is left out matches everything.
struct NoticeFilter {
  std::optional<std::string> id;
  std::optional<std::string> version;
  std::optional<std::string> language;
  std::optional<Bytes> hash;
};

struct LedgerFilter {
  std::optional<CallId> call;
  std::optional<SubjectId> subject;  // what concerns the calls this person took part in
  std::uint64_t after_seq = 0;
  std::size_t limit = 100;
};

// A recording whose time is over; also where to go on after a page.
struct DueRecording {
  RecordingId id;
  WallTime expires;
};

// Which holds a listing shows.
struct HoldFilter {
  enum class Which { standing, ended } which = Which::standing;
  std::optional<HoldId> after;  // the cursor: the last id of the page before
  std::size_t limit = 100;
};

class Catalog {
 public:
  virtual ~Catalog() = default;

  // Writes and syncs something in any case, unless the span is empty: where the ledger ends, if nothing else.
  virtual Result<void> book(std::span<const Booking> bookings) = 0;

  // Makes the files themselves forget what was destroyed: for SQLite a wal_checkpoint(TRUNCATE) whose result is
  // checked. Errc::unavailable: not yet, because something still reads an older state; ask again.
  virtual Result<void> forget_deleted() = 0;

  virtual Result<std::optional<WrappedKey>> key(KeyId id) = 0;
  virtual Result<std::vector<WrappedKey>> keys_of_kind(KeyKind kind) = 0;
  // Directly below it, or guarded by it; of any kind, by id.
  virtual Result<std::vector<WrappedKey>> keys_under(KeyId parent, std::optional<KeyId> after) = 0;
  // Those that have a successor but are not destroyed yet, by id.
  virtual Result<std::vector<ReplacedKey>> replaced_keys(KeyKind kind, std::optional<KeyId> after) = 0;
  virtual Result<std::optional<KeyId>> successor(KeyId id) = 0;
  virtual Result<std::optional<KeyId>> predecessor(KeyId successor) = 0;  // that is not destroyed yet
  virtual Result<std::uint64_t> key_count() = 0;
  virtual Result<std::optional<TenantRow>> tenant(std::string_view name) = 0;
  virtual Result<std::optional<TenantRow>> tenant(TenantId id) = 0;
  virtual Result<std::optional<SubjectRow>> subject(SubjectId id) = 0;
  virtual Result<std::optional<SubjectRow>> subject(TenantId tenant, ByteView blind_index) = 0;
  virtual Result<std::optional<CallRow>> call(CallId id) = 0;
  virtual Result<std::vector<CallRow>> calls_in_state(CallState state) = 0;
  virtual Result<std::vector<CallRow>> calls_of(SubjectId subject) = 0;  // that this person took part in, oldest first
  virtual Result<std::vector<CallRow>> calls_of(TenantId tenant) = 0;    // oldest first
  // One that is live, if any; what it takes does not grow with the calls that are over.
  virtual Result<std::optional<CallId>> live_call_of(SubjectId subject) = 0;
  virtual Result<std::optional<CallId>> live_call_of(TenantId tenant) = 0;
  virtual Result<std::vector<SubjectRow>> subjects_of(TenantId tenant) = 0;  // likewise
  virtual Result<std::optional<TenantRow>> tenant_of_key(KeyId key) = 0;
  virtual Result<std::optional<SubjectRow>> subject_of_key(KeyId key) = 0;
  // Where what a call says of this person is sealed under this key.
  virtual Result<std::vector<ParticipantRow>> participants_under(SubjectId subject, KeyId key) = 0;
  virtual Result<std::vector<ParticipantRow>> participants(CallId call) = 0;                 // as booked
  virtual Result<std::vector<LegRow>> legs(CallId call) = 0;                                 // by index
  virtual Result<std::vector<ConsentRow>> consents(CallId call) = 0;                         // oldest first
  virtual Result<std::vector<StandingConsentRow>> standing_consents(SubjectId subject) = 0;  // oldest first
  virtual Result<std::vector<NoticeRow>> notices(const NoticeFilter& filter) = 0;            // oldest first
  virtual Result<std::vector<PurposeRow>> purposes() = 0;                                    // likewise
  virtual Result<std::optional<RecordingRow>> recording(RecordingId id) = 0;
  virtual Result<std::optional<RecordingRow>> recording_of(CallId call) = 0;
  virtual Result<std::vector<RecordingRow>> recordings(const RecordingFilter& filter) = 0;
  virtual Result<std::vector<SegmentRow>> segments(RecordingId recording) = 0;  // by leg, then number
  virtual Result<std::optional<SegmentRow>> segment(SegmentId id) = 0;
  // Of all segments of a tenant's recordings. It reads each of their rows: some 100,000 a second.
  virtual Result<std::uint64_t> stored_bytes(TenantId tenant) = 0;
  virtual Result<std::vector<NoteRow>> notes(CallId call) = 0;  // oldest first
  virtual Result<std::optional<ErasureRow>> erasure(ErasureId id) = 0;
  virtual Result<std::vector<ErasureRow>> unfinished_erasures() = 0;  // begun, and something is left to do here
  virtual Result<std::vector<ErasureRow>> waiting_erasures() = 0;     // for processors only
  virtual Result<std::vector<ProcessorRow>> processors() = 0;         // that are, or have been; by name
  // In the order in which they were booked, at most `limit`; those of an erasure all.
  virtual Result<std::vector<DeliveryRow>> deliveries(std::string_view processor, DeliveryState state,
                                                      std::size_t limit) = 0;
  virtual Result<std::vector<DeliveryRow>> deliveries_of(ErasureId erasure) = 0;
  virtual Result<std::optional<DeliveryRow>> delivery(std::string_view processor, EventId event) = 0;
  virtual Result<std::vector<DeliveryCount>> delivery_counts() = 0;
  virtual Result<std::vector<ErasureRow>> held_erasures() = 0;  // that wait for a hold to end, oldest first
  virtual Result<std::optional<HoldRow>> hold(HoldId id) = 0;
  virtual Result<std::vector<HoldRow>> holds(const HoldFilter& filter) = 0;  // oldest first
  // Those that stand and cover some of what deleting this would take; the one that lasts longest first.
  virtual Result<std::vector<HoldRow>> holds_over(HoldTarget target, const std::array<std::uint8_t, 16>& id) = 0;
  // When the next one that stands is to end by itself.
  virtual Result<std::optional<WallTime>> next_hold_end() = 0;
  // Whose time is over at `now`, the first first; what is not due is not read. Held ones are among them.
  virtual Result<std::vector<DueRecording>> due_recordings(WallTime now, const std::optional<DueRecording>& after,
                                                           std::size_t limit) = 0;
  // Closed ones whose end was reckoned by other rules than hold now, or not yet.
  virtual Result<std::vector<RecordingId>> recordings_to_plan(std::size_t limit) = 0;
  virtual Result<std::vector<LedgerRow>> ledger(const LedgerFilter& filter) = 0;
  // When the ledger's last entry was made; 1970 without any.
  virtual Result<WallTime> last_recorded() = 0;
  virtual Result<std::uint64_t> last_seq() = 0;  // of the ledger; 0 without any entry
  // Walks the whole chain, checks every signature and where it ends, and compares each consent with the hash that the
  // chain holds of it. With a head that was noted elsewhere, that it is in the chain. Errc::corrupt: at which record it
  // breaks and how.
  virtual Result<LedgerReport> verify_ledger(const std::optional<LedgerHead>& noted = std::nullopt) = 0;
};

}  // namespace assent
