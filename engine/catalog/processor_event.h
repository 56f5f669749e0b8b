// What a processor is told: of which records, and in which words. The catalog makes these in the transaction of what
// they tell of (sqlite_outbox_bookings.cpp), so that neither is ever there without the other and no caller has to
// remember.
//
//   consent.granted      a participant said yes to a purpose that the processor is fed by; again: for longer
//   consent.withdrawn    that yes was taken back
//   consent.expired      that yes was for a time, which is over
//   erasure.recording    a recording and all of its call
//   erasure.participant  some legs of a call, by a withdrawal
//   erasure.subject      a person, in every call
//   erasure.tenant       everything of a tenant
//
// A consent's change goes to the processors of its purpose; what leaves things as they were (a refusal by who never
// agreed, a deadline) to nobody. An erasure goes to every processor, whatever it is fed by: its purposes may have been
// others then, and being asked to erase what one never had costs a confirmation. The keys' rotation, and the erasure of
// one call that is part of a person's, are told to nobody.
//
// The body has opaque ids and times only, as JSON in the order given here. Whoever is fed keeps call, participant,
// subject and recording beside what they were given, to find it again. `erasure_scope` of a grant says what the erasure
// of a subject takes of this call: "leg", that person's audio; "call", all of it.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/bookings.h"
#include "engine/catalog/processor_rows.h"

namespace assent {

// Of a decision after another of the same participant for the same purpose, which is empty if there was none.
std::optional<std::string_view> event_of_decision(std::string_view decision, std::string_view before);
// Of an erasure by what it erases.
std::optional<std::string_view> event_of_erasure(const booking::StartErasure& start);
bool is_erasure(std::string_view event_kind);

bool is_fed_by(const ProcessorRow& processor, std::string_view purpose);

struct ProcessorEvent {
  EventId id;
  std::string_view kind;
  WallTime at;
  TenantId tenant;
  std::optional<CallId> call = std::nullopt;
  std::vector<ParticipantId> participants = {};
  std::vector<SubjectId> subjects = {};
  std::vector<LegId> legs = {};
  std::optional<RecordingId> recording = std::nullopt;
  std::vector<std::string> purposes = {};
  std::optional<WallTime> valid_until = std::nullopt;
  std::optional<ErasureScope> scope = std::nullopt;  // of a grant
  std::optional<ErasureId> erasure = std::nullopt;
};
// {"id":...,"kind":...,"at":...,"tenant":...,"call":...,"participant":...,"subject":...,...}: one participant or
// subject by itself, several as a list ("participants", "subjects").
std::string body_of(const ProcessorEvent& event);

// What is on the ledger of who was a processor when.
LedgerEntry processor_entry(const ProcessorRow& row, std::string_view change, WallTime at);

}  // namespace assent
