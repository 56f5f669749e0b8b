// Bookings: everything that changes the catalog. A span of them is one transaction (catalog.h). Plain values; what each
// one's errors mean, besides those of Catalog::book, stands beside it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "crypto/wrapped_key.h"
#include "engine/catalog/catalog_rows.h"
#include "engine/catalog/processor_rows.h"

namespace assent {

class LedgerSeal;  // ledger_seal.h

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
// In place of what is there, which is overwritten; empty: nothing any more. No effect when the leg's key is gone.
struct SetLegMetrics { LegId leg; Bytes sealed_metrics; };
// Also chains its ledger entry. What its signal says of itself is kept only while the participant has a key of their own,
// which goes with what the call says of them. Errc::conflict: a grant by a consent on file that has been withdrawn.
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
// A recording that has been erased stays so. When it is to end is reckoned with it (retention_end.h).
struct CloseRecording { RecordingId recording; WallTime at; RecordingState state; std::string lost_json; };
// Reckons anew when it is to end. No effect when it is open or erased.
struct PlanRetention { RecordingId recording; };
// Its call goes on. One that has been erased stays so.
struct ReopenRecording { RecordingId recording; std::string lost_json; };
// Replaces a row of the same id (settling is idempotent). Errc::conflict when the recording has been erased: what was
// settled must not come back, so the settler deletes the object.
struct AddSegment { SegmentRow row; };
struct AddNote { NoteRow row; };
struct EraseNote { NoteId note; };  // overwritten and gone
struct AddLedger { LedgerEntry entry; };
// Puts the key's public part on the ledger, signed by the one before; from then on this one seals. Its row is on record.
struct StartLedgerKey { std::shared_ptr<const LedgerSeal> seal; WallTime at; };
// Signs where the chain stands; no effect when the last record is a checkpoint.
struct AddCheckpoint { WallTime at; };
// Nothing: it is there to be committed, which proves that the ledger can be written.
struct ProveLedger {};
// Every processor is told of it, unless it is part of another. `legs`: those of the call that it erases, if not all.
struct StartErasure { ErasureRow row; std::optional<ErasureId> part_of = std::nullopt; std::vector<LegId> legs = {}; };
struct UpdateErasure { ErasureId id; std::string steps_json; std::optional<WallTime> done; };
// All is done here; processors have not confirmed yet. It is among waiting_erasures from then on.
struct AwaitProcessors { ErasureId id; std::string steps_json; };
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
// These are the processors from now on; whoever was one is none any more. What changes goes on the ledger. AddConsent
// and StartErasure tell them of it (processor_event.h).
struct SetProcessors { std::vector<ProcessorRow> rows; WallTime at; };
// What became of one attempt, or what the processor confirms. No effect on what is settled. `attempts` never shrink.
struct NoteDelivery {
  EventId event; std::string processor; DeliveryState state; WallTime at; std::uint32_t attempts; std::string error;
};
// The dead ones are tried again, from the first attempt on.
struct RetryDeliveries { std::string processor; WallTime at; };
// Nobody waits for these any more; on the ledger, with the reason. Errc::not_found: none is open.
struct WaiveDeliveries {
  std::string processor; std::optional<ErasureId> erasure; std::string reason; std::string by; WallTime at;
};
// Both chain their ledger entries. Errc::exhausted: limits::kHolds stand; Errc::not_found: it does not stand.
struct PlaceHold { HoldRow row; };
struct EndHold { HoldId hold; WallTime at; std::string by; std::string reason; };
// Errc::conflict: a hold covers some of what deleting this would take.
struct RequireNoHold { HoldTarget target; std::array<std::uint8_t, 16> id; };
// An erasure that waited for a hold begins. Errc::conflict: it does not wait.
struct BeginHeldErasure { ErasureId id; std::string steps_json; std::vector<LegId> legs = {}; };
// A withdrawal that erases, with its erasure and its ledger entry: the keys go, and with `recording` all that is left
// of it. While a hold covers the call nothing goes, and the erasure waits (leg_erasure.h).
struct EraseLegs {
  ErasureId id; CallId call; std::string by; WallTime at; std::vector<ParticipantId> who; std::vector<KeyId> keys;
  std::optional<RecordingId> recording; std::string destroyed_json;
};
// Of a call whose legs were all erased on withdrawal; no effect while an erasure of them waits for a hold. Before its
// CloseRecording.
struct EraseUnheld { RecordingId recording; WallTime at; };
}  // namespace booking
// clang-format on

using Booking = std::variant<
    booking::AddKey, booking::AddTenant, booking::AddSubject, booking::AddCall, booking::AddParticipant,
    booking::AddLeg, booking::AddConsent, booking::OpenRecording, booking::AddSegment, booking::SetLegCodec,
    booking::SetLegCounts, booking::SetLegMedia, booking::SetLegMetrics, booking::EraseNote, booking::EndCall,
    booking::ReopenRecording, booking::CloseRecording, booking::AddNote, booking::AddLedger, booking::StartLedgerKey,
    booking::AddCheckpoint, booking::StartErasure, booking::UpdateErasure, booking::DestroyKey, booking::RemoveSegment,
    booking::EraseRecording, booking::AddStandingConsent, booking::WithdrawStandingConsent, booking::AddNotice,
    booking::AddPurpose, booking::ProveLedger, booking::ForgetCall, booking::ForgetParticipant, booking::EraseSubject,
    booking::EraseTenant, booking::ReplaceEpochKey, booking::ReplaceTenantKey, booking::ReplaceSubjectKey,
    booking::RewrapKey, booking::ResealParticipant, booking::RetireKey, booking::AwaitProcessors,
    booking::SetProcessors, booking::NoteDelivery, booking::RetryDeliveries, booking::WaiveDeliveries,
    booking::PlanRetention, booking::PlaceHold, booking::EndHold, booking::RequireNoHold, booking::BeginHeldErasure,
    booking::EraseLegs, booking::EraseUnheld>;

}  // namespace assent
