// What there is of a person, as it is given to them: of themselves everything, of the others that they were there, in
// which role, and what these have agreed to have disclosed. Whoever fills it in decides that (disclosure_reader.h in
// engine/control); whoever writes it (vcon.h, html_page.h, disclosed_json.h) adds nothing and leaves nothing out.
//
// Plain values, for any thread. They hold clear text: kept for as long as one call is being written.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/catalog/catalog_rows.h"
#include "engine/catalog/leg_metrics.h"
#include "engine/catalog/person_fields.h"
#include "engine/catalog/said.h"
#include "engine/receipts/receipt_desk.h"

namespace assent {

// One file: what is stored of one leg, or a part of it when that is longer than a file can be.
struct DisclosedAudio {
  std::string name;  // in the archive: "calls/<call>/<leg>.wav"
  WallTime start;
  WallTime end;
  std::uint32_t rate_hz = 8000;
  std::vector<SegmentRow> segments;
  bool has_spoken_answer = false;
  std::size_t damages = 0;  // stretches that do not verify, and are silent in it; known once it has been written
};

struct DisclosedLeg {
  LegRow row;
  std::string role;       // of whose it is
  std::size_t party = 0;  // their place among the participants
  bool is_theirs = true;  // the person's own; else another's who agreed to have it disclosed
  std::optional<std::string> label;
  std::optional<LegMetrics> metrics;
  std::optional<WallTime> erased;  // when; nothing of it is there
  std::size_t quarantined = 0;     // segments that are kept apart because they are damaged, and are not in a file
  std::size_t lost = 0;            // segments that the store does not have any more, though nobody erased them
  std::vector<DisclosedAudio> audio;
};

struct DisclosedParticipant {
  ParticipantId id;
  std::string role;
  bool is_them = false;
  std::optional<ParticipantFields> fields;  // theirs only
  std::optional<milliseconds> opt_in;       // theirs only: from joining to their first yes
};

struct DisclosedNote {
  NoteRow row;
  std::optional<std::string> text;
};

// Who receives what a purpose is for: as the register has it, and the processors that are fed by it, or were.
struct DisclosedRecipients {
  std::string purpose;
  std::string description;
  std::vector<std::string> names;
};

struct DisclosedCall {
  CallRow row;
  SubjectId subject;  // whose
  std::string tenant;
  std::optional<RecordingRow> recording;
  std::optional<WallTime> erased;  // of the whole recording
  std::vector<HoldRow> holds;      // that keep it from being erased
  std::optional<std::string> ref;
  std::vector<DisclosedParticipant> participants;  // all, in their order
  std::vector<DisclosedLeg> legs;                  // theirs, and what others agreed to have disclosed
  std::vector<ConsentRow> consents;                // theirs, oldest first
  Said said;                                       // in these
  std::vector<SignedReceipt> receipts;             // theirs
  std::optional<std::string> no_receipts;          // why there are none
  std::vector<DisclosedNote> notes;
  std::vector<LedgerRow> accesses;  // who heard or read what, who was refused, whose keys were given away
  std::vector<DisclosedRecipients> recipients;
};

struct DisclosedStanding {
  StandingConsentRow row;
  std::optional<std::string> evidence;
};

struct DisclosedPerson {
  ExportId id;  // of what is given
  SubjectId subject;
  std::string tenant;
  std::optional<std::string> reference;
  WallTime at;
  std::size_t calls = 0;
  std::vector<DisclosedStanding> standing;
};

}  // namespace assent
