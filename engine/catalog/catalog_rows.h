// What the catalog has on record, one struct a table. Clear text in them is only opaque ids, times, sizes and states:
// names, addresses, references and notes are sealed by the caller before they arrive, and people are looked up by a
// keyed hash (blind index). Plain values, for any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "engine/consent/audio_use.h"

namespace assent {

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
  std::string counts_json;  // of a leg of which nothing was kept, when the call is over: what was wiped, for receipts
  Bytes sealed_media = {};  // how it is heard (call_memory.h), under the call's key; while the call is live
  Bytes sealed_metrics =
      {};  // leg_metrics.h, under its key; of a leg of which something was kept, when the call is over
};
// In counts_json, beside the count PACKETS_RECEIVED of LegCountTag: the most bytes of memory that the leg's audio took
// before consent.
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
  std::string signal_value;  // the id of a consent on file; otherwise a hash of what was said (said.h), or nothing
  std::string notice_json;
  std::string origin;  // who entered it: token id, leg id
  WallTime at;
  std::optional<WallTime> media_time;                  // time on the leg's timeline
  std::int64_t preroll_ms = 0;                         // held audio that the grant kept
  std::optional<WallTime> valid_until = std::nullopt;  // of a grant for a time
  std::int64_t evidence_ms = 0;                        // held audio that it kept as the spoken answer only
  Bytes sealed_said = {};                              // what the signal says of itself, under the participant's key
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
  // When no purpose needs it any more (retention_end.h): reckoned when it is closed. None: open, erased, or kept.
  std::optional<WallTime> expires = std::nullopt;
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
  rotation,    // the keys' epoch: begun and done
  metrics,     // a call's, erased by themselves
  processor,   // who is one, and what is not waited for any more
  hold,        // placed, released, ended
  disclosure,  // what is there of a person, given to them: asked for, ready, downloaded, removed
  preference   // what somebody's side would like or says of recording, which is no consent (RFC 7866 section 6)
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
  bool held = false;       // nothing of it has happened: it waits until no hold forbids it (held_erasure.h)
};

// What a hold is on, or what a deletion would take.
enum class HoldTarget { recording, call, subject, tenant };
std::string_view name_of(HoldTarget target);
bool parse_name(std::string_view text, HoldTarget& out);

// A legal hold: nothing of what it covers is destroyed while it stands, which it does until its end is on record.
// It covers the calls that it is on, that the person took part in, or that the tenant has: each of them whole.
struct HoldRow {
  HoldId id;
  HoldTarget target = HoldTarget::recording;
  std::array<std::uint8_t, 16> target_id{};
  std::string reason;  // a case reference; stands on the ledger for ever
  std::string by;      // token id
  WallTime placed;
  std::optional<WallTime> until;  // none: until it is released
  std::optional<WallTime> ended = std::nullopt;
  std::string ended_by = {};  // token id; "time"
  std::string ended_reason = {};
};

}  // namespace assent
