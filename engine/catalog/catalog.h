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

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "crypto/wrapped_key.h"
#include "engine/consent/audio_use.h"

namespace assent {

class LedgerSeal;  // ledger_seal.h

// ---- rows ---------------------------------------------------------------------------------------------------------

struct TenantRow {
  TenantId id;
  std::string name;  // an operator's label such as "default", not a person's; its id, once it is erased
  KeyId key;
  std::optional<WallTime> erased = std::nullopt;
};

struct SubjectRow {
  SubjectId id;
  TenantId tenant;
  Bytes blind_index;  // keyed hash of the subject's reference; unique within a tenant
  Bytes sealed_ref;   // the reference itself, under the subject's key
  KeyId key;
  std::optional<WallTime> erased = std::nullopt;  // nobody is found by this reference any more
};

struct ParticipantRow {
  ParticipantId id;
  CallId call;
  SubjectId subject;
  std::string role;
  Bytes sealed;  // JSON {ref, name, address} under its key
  KeyId key;
};

struct LegRow {
  LegId id;
  CallId call;
  ParticipantId participant;
  int index = 0;       // order in the call: 0 is the left channel of a stereo export
  Bytes sealed_label;  // under the call's key
  KeyId key;
  std::string codec;        // "PCMU/8000/1"
  std::string counts_json;  // the leg's packet counts, written when the call ends; numbers only
  Bytes sealed_media = {};  // how it is heard (call_memory.h), under the call's key; while the call is live
};
// In counts_json beside the names of LegCountTag: the most bytes of memory that the leg's audio took before consent.
inline constexpr std::string_view kHeldBytesCount = "HELD_BYTES_AT_MOST";

enum class CallState { live, ended, interrupted /* the engine stopped or died while it was live */ };
std::string_view name_of(CallState state);
bool parse_name(std::string_view text, CallState& out);

// What the erasure of one participant takes of a call.
enum class ErasureScope {
  leg,  // their own legs
  call  // all of it: its keys are guarded by each participant who must say yes in it
};
std::string_view name_of(ErasureScope scope);
bool parse_name(std::string_view text, ErasureScope& out);

struct CallRow {
  CallId id;
  TenantId tenant;
  KeyId key;                // seals what belongs to the call as a whole
  std::string policy;       // "all-party" | "per-party" | "one-party"
  Bytes sealed_ref;         // under the call's key
  std::string notice_json;  // {id, version, language, hash}: which notice was presented; not personal
  WallTime created;
  std::optional<WallTime> ended;
  CallState state = CallState::live;
  Bytes sealed_settings = {};  // its consent settings and rules (call_memory.h), under the call's key
  ErasureScope erasure = ErasureScope::leg;
};

// One consent record: per participant, purpose and change. A later one supersedes an earlier one.
struct ConsentRow {
  ConsentId id;
  CallId call;
  ParticipantId participant;
  std::string purpose;
  std::string decision;      // "granted" | "denied" | "withdrawn" | "expired"
  std::string signal_type;   // "api" | "dtmf" | "deadline" | "hangup" | ...
  std::string signal_value;  // the digit, the API token's name
  std::string notice_json;
  std::string origin;  // who entered it: token id, leg id
  WallTime at;
  std::optional<WallTime> media_time;                  // time on the leg's timeline
  std::int64_t preroll_ms = 0;                         // held audio that the grant kept
  std::optional<WallTime> valid_until = std::nullopt;  // of a grant for a time
  std::int64_t evidence_ms = 0;                        // held audio that it kept as the spoken answer only
};

// A consent on file, which counts in every call of the person while it is valid and the role lets it.
struct StandingConsentRow {
  StandingId id;
  SubjectId subject;
  std::string purposes_json;  // ["quality", ...]
  WallTime from;
  std::optional<WallTime> until;
  std::string notice_json;
  Bytes sealed_evidence;  // where it is on file, under the subject's key; may be empty
  std::string origin;     // who entered it: token id
  WallTime created;
  std::optional<WallTime> withdrawn;
};

// What participants are told before they answer. A row never changes and never goes: what was named on a consent can be
// read for ever, by its hash.
struct NoticeRow {
  std::string id;
  std::string version;
  std::string language;
  std::string text;
  Bytes hash;          // SHA-256 of the text
  std::string origin;  // "file" or who entered it: token id
  WallTime at;
};

// What recordings are used for, in plain words. A row never changes and never goes.
struct PurposeRow {
  std::string id;
  std::string version;
  std::string description;
  std::string lawful_basis;
  std::optional<std::int64_t> retention_hours;
  std::string processors_json = "[]";  // who receives it, by name
  std::string origin;                  // as of a notice
  WallTime at;
};

enum class RecordingState {
  open,
  complete,
  incomplete,  // ended in order, but some consented audio is missing: `lost_json` says when
  recovered,   // closed by a later start of the engine
  erased
};
std::string_view name_of(RecordingState state);
bool parse_name(std::string_view text, RecordingState& out);
std::optional<RecordingState> parse_recording_state(std::string_view text);

struct RecordingRow {
  RecordingId id;
  CallId call;
  TenantId tenant;
  RecordingState state = RecordingState::open;
  WallTime started;
  std::optional<WallTime> ended;
  std::string lost_json;  // for incomplete and recovered recordings: what is known to be missing, per leg
};

enum class SegmentState { stored, quarantined /* kept, but some page did not verify */ };
std::string_view name_of(SegmentState state);
bool parse_name(std::string_view text, SegmentState& out);

struct SegmentRow {
  SegmentId id;
  RecordingId recording;
  CallId call;
  LegId leg;
  std::uint32_t number = 0;  // from 1 within the leg
  std::string object;        // place in the store
  SegmentState state = SegmentState::stored;
  std::uint64_t size_bytes = 0;
  std::uint32_t frames = 0;
  WallTime started;
  WallTime ended;
  bool salvaged = false;
  AudioUse use = AudioUse::recording;
};

struct NoteRow {
  NoteId id;
  CallId call;
  std::string author;  // token id
  WallTime at;
  Bytes sealed_text;  // under the call's key
};

enum class LedgerKind {
  consent,
  gate,
  pause,
  resume,
  access,
  refusal,
  note,
  erasure_step,
  erasure_done,
  engine_start,
  engine_stop,
  recovery,
  export_keys,
  ledger_key,  // the key that signs from here on; made by StartLedgerKey
  checkpoint,  // made by the catalog
  standing_consent,
  notice,
  purpose,
  rotation  // the keys' epoch: begun and done
};
std::string_view name_of(LedgerKind kind);

// One entry of the append-only record: opaque ids and facts, never a name. hash = SHA-256(previous hash | canonical
// JSON): see ledger.h.
struct LedgerRow {
  std::uint64_t seq = 0;
  WallTime at;
  std::string kind;
  std::optional<CallId> call;
  std::string body_json;  // canonical: sorted keys, no white space
  Bytes hash;
};

// Where the chain stands: the last record's number and hash; zeros when there is none.
struct LedgerHead {
  std::uint64_t seq = 0;
  Sha256Digest hash{};
  bool operator==(const LedgerHead&) const = default;
};

// What a whole ledger is found to be.
struct LedgerReport {
  LedgerHead head;  // its seq is the number of records
  std::uint64_t checkpoints = 0;
  std::optional<std::uint64_t> last_checkpoint;  // its seq
  std::optional<WallTime> last_checkpoint_at;
  std::optional<KeyId> key;  // that signs, and its public part; none in a ledger that nothing signs yet
  std::optional<Ed25519PublicKey> public_key;
  // proven: its end is where the engine last wrote, by the key. unproven: nobody who has the key has looked.
  enum class End { proven, unproven } end = End::unproven;
};

struct ErasureRow {
  ErasureId id;
  std::string target_kind;  // "recording"
  std::string target_id;
  WallTime requested;
  std::optional<WallTime> done;
  std::string steps_json;  // [{step, at, what}]
};

// ---- bookings -----------------------------------------------------------------------------------------------------

// Adds to the ledger inside the transaction; the catalog chains the hash, and authenticates where the chain ends.
struct LedgerEntry {
  LedgerKind kind;
  WallTime at;
  std::optional<CallId> call;
  std::string body_json;
};

// One line each, as a table:
// clang-format off
namespace booking {
// Before the rows of the same span that use it. Errc::conflict: its parent, or a guard, has been destroyed or is being
// replaced; open it again. An epoch key's parent is not in the catalog.
struct AddKey { WrappedKey key; };
// These give a key a successor, under which alone keys are made from then on, while those below the old one are wrapped
// anew, one after the other. Errc::conflict: it is gone, has one already, or what hangs on it is not what was read.
struct ReplaceEpochKey { std::vector<KeyId> old; WrappedKey key; };
struct ReplaceTenantKey { TenantId tenant; KeyId old; WrappedKey key; };
// With all that is sealed or keyed by it: the reference, and what is said of each consent on file that says something.
struct ReplaceSubjectKey {
  SubjectId subject; KeyId old; WrappedKey key; Bytes blind_index; Bytes sealed_ref;
  std::vector<std::pair<StandingId, Bytes>> sealed_evidence;
};
// The same key, wrapped otherwise. No effect when it is gone; Errc::conflict when its row does not say `was` any more.
struct RewrapKey { WrappedKey key; Bytes was; };
// What a call says of somebody, sealed under a key of its own; likewise.
struct ResealParticipant { ParticipantId participant; WrappedKey key; Bytes sealed; Bytes was; };
// Destroys a key that has a successor, and not that one.
struct RetireKey { KeyId key; };
struct AddTenant { TenantRow row; };
struct AddSubject { SubjectRow row; };
struct AddCall { CallRow row; };
struct AddParticipant { ParticipantRow row; };
struct AddLeg { LegRow row; };
struct SetLegCodec { LegId leg; std::string codec; };
struct SetLegCounts { LegId leg; std::string counts_json; };
struct SetLegMedia { LegId leg; Bytes sealed_media; };
// Also chains its ledger entry. Errc::conflict: a grant by a consent on file that has been withdrawn.
struct AddConsent { ConsentRow row; };
// Errc::conflict: the person's key is not `sealed_under` any more.
struct AddStandingConsent { StandingConsentRow row; KeyId sealed_under; };
// Errc::conflict when it has been withdrawn already.
struct WithdrawStandingConsent { StandingId id; WallTime at; };
// These two chain their ledger entries, and have no effect when the same is on record already. Errc::conflict: the same id
// and version (and language) stands for something else.
struct AddNotice { NoticeRow row; };
struct AddPurpose { PurposeRow row; };
// Forgets how its legs were heard: overwritten, and read as empty.
struct EndCall { CallId call; WallTime at; CallState state; };
struct OpenRecording { RecordingRow row; };  // no effect when the call has one already
// A recording that has been erased stays so.
struct CloseRecording { RecordingId recording; WallTime at; RecordingState state; std::string lost_json; };
// Its call goes on. One that has been erased stays so.
struct ReopenRecording { RecordingId recording; std::string lost_json; };
// Replaces a row of the same id (settling is idempotent). Errc::conflict when the recording has been erased: what was
// settled must not come back, so the settler deletes the object.
struct AddSegment { SegmentRow row; };
struct AddNote { NoteRow row; };
struct AddLedger { LedgerEntry entry; };
// Puts the key's public part on the ledger, signed by the one before; from then on this one seals. Its row is on record.
struct StartLedgerKey { std::shared_ptr<const LedgerSeal> seal; WallTime at; };
// Signs where the chain stands; no effect when the last record is a checkpoint.
struct AddCheckpoint { WallTime at; };
// Nothing: it is there to be committed, which proves that the ledger can be written.
struct ProveLedger {};
struct StartErasure { ErasureRow row; };
struct UpdateErasure { ErasureId id; std::string steps_json; std::optional<WallTime> done; };
// These three may be booked again after they took effect, so that an erasure can be resumed.
// The key's row is gone and its wrapped bytes are overwritten; so are those of its successor and of what it succeeded.
struct DestroyKey { KeyId key; };
struct RemoveSegment { SegmentId segment; };
// State erased; the sealed fields of its call (reference, settings, labels, media, participants) are overwritten and read
// as empty from then on; the call's notes are gone. The keys are the caller's to destroy, with DestroyKey in the same span.
struct EraseRecording { RecordingId recording; WallTime at; };
// The sealed fields of a call, or of one of its participants and their legs, as EraseRecording does; and the call's notes.
struct ForgetCall { CallId call; };
struct ForgetParticipant { ParticipantId participant; };
// Marked as erased. The person's reference and what is said of their consents on file are overwritten; the tenant's name is
// free again. The keys are the caller's to destroy.
struct EraseSubject { SubjectId subject; WallTime at; };
struct EraseTenant { TenantId tenant; WallTime at; };
}  // namespace booking
// clang-format on

using Booking =
    std::variant<booking::AddKey, booking::AddTenant, booking::AddSubject, booking::AddCall, booking::AddParticipant,
                 booking::AddLeg, booking::AddConsent, booking::OpenRecording, booking::AddSegment,
                 booking::SetLegCodec, booking::SetLegCounts, booking::SetLegMedia, booking::EndCall,
                 booking::ReopenRecording, booking::CloseRecording, booking::AddNote, booking::AddLedger,
                 booking::StartLedgerKey, booking::AddCheckpoint, booking::StartErasure, booking::UpdateErasure,
                 booking::DestroyKey, booking::RemoveSegment, booking::EraseRecording, booking::AddStandingConsent,
                 booking::WithdrawStandingConsent, booking::AddNotice, booking::AddPurpose, booking::ProveLedger,
                 booking::ForgetCall, booking::ForgetParticipant, booking::EraseSubject, booking::EraseTenant,
                 booking::ReplaceEpochKey, booking::ReplaceTenantKey, booking::ReplaceSubjectKey, booking::RewrapKey,
                 booking::ResealParticipant, booking::RetireKey>;

// ---- queries ------------------------------------------------------------------------------------------------------

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
  virtual Result<std::vector<ErasureRow>> unfinished_erasures() = 0;
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
