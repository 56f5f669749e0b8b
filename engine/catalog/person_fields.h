// PersonFields: what names or describes a person, as it goes into the catalog's sealed columns and comes out of them.
//
//     column               key          place it is bound to              text
//     SubjectRow.sealed_ref    subject  subjects | sealed_ref | id        the reference
//     ParticipantRow.sealed    its own  participants | sealed | id        {"ref":..,"name":..,"address":..}
//     CallRow.sealed_ref       call     calls | sealed_ref | id           the call's reference
//     CallRow.sealed_settings  call     calls | sealed_settings | id      see engine/calls/call_memory.h
//     LegRow.sealed_label      call     legs | sealed_label | id          the label
//     LegRow.sealed_media      call     legs | sealed_media | id          see engine/calls/call_memory.h
//     LegRow.sealed_metrics    leg      legs | sealed_metrics | id        see leg_metrics.h
//     NoteRow.sealed_text      call     notes | sealed_text | id          the note
//     StandingConsentRow       subject  standing_consents | sealed_evidence | id   where it is on file
//       .sealed_evidence
//     ConsentRow.sealed_said  participant  consents | sealed_said | id    see said.h
//
// Each is sealed under derive(key, kFieldLabel) with its place as AAD (crypto/sealed_field.h), so a value copied to
// another row or column does not open. The key is opened by the caller (KeyRing).
//
// Pure functions, any thread. Errors of the opening ones: Errc::not_found (the column is empty: it has been erased, or
// never was filled), Errc::corrupt (damaged, moved, or of another key).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/blind_index.h"
#include "crypto/secret.h"
#include "engine/catalog/catalog.h"

namespace assent {

struct ParticipantFields {
  std::string ref;  // the caller's own name for the participant within the call
  std::optional<std::string> name;
  std::optional<std::string> address;
};

Bytes seal_subject_ref(const SecretKey& subject_key, SubjectId row, std::string_view ref);
Result<std::string> open_subject_ref(const SecretKey& subject_key, const SubjectRow& row);

// Errc::invalid: a text is not UTF-8.
Result<Bytes> seal_participant(const SecretKey& participant_key, ParticipantId row, const ParticipantFields& fields);
Result<ParticipantFields> open_participant(const SecretKey& participant_key, const ParticipantRow& row);

Bytes seal_call_ref(const SecretKey& call_key, CallId row, std::string_view ref);
Result<std::string> open_call_ref(const SecretKey& call_key, const CallRow& row);

Bytes seal_call_settings(const SecretKey& call_key, CallId row, std::string_view json);
Result<std::string> open_call_settings(const SecretKey& call_key, const CallRow& row);

Bytes seal_leg_media(const SecretKey& call_key, LegId row, std::string_view json);
Result<std::string> open_leg_media(const SecretKey& call_key, const LegRow& row);

Bytes seal_leg_label(const SecretKey& call_key, LegId row, std::string_view label);
Result<std::string> open_leg_label(const SecretKey& call_key, const LegRow& row);

Bytes seal_leg_metrics(const SecretKey& leg_key, LegId row, std::string_view json);
Result<std::string> open_leg_metrics(const SecretKey& leg_key, const LegRow& row);

Bytes seal_note(const SecretKey& call_key, NoteId row, std::string_view text);
Result<std::string> open_note(const SecretKey& call_key, const NoteRow& row);

Bytes seal_evidence(const SecretKey& subject_key, StandingId row, std::string_view text);
Result<std::string> open_evidence(const SecretKey& subject_key, const StandingConsentRow& row);

// How a subject is found by its reference: a keyed hash under derive(tenant key, kBlindIndexLabel).
BlindIndex subject_index(const SecretKey& tenant_key, std::string_view ref);
// For a subject without a reference: unique as its id is, and no reference leads to it.
BlindIndex subject_index(const SecretKey& tenant_key, SubjectId unnamed);

}  // namespace assent
